import Dispatch
import Foundation
import NIOCore

/// The system's own resolver, as `/etc/nsswitch.conf` has it.
///
/// It blocks for as long as name servers are silent, so it has threads of its own: neither an event loop nor a task
/// waits for it.
struct SystemResolver: NameResolver {
    private static let queue = DispatchQueue(label: "name resolution", attributes: .concurrent)

    func addresses(of host: String, port: Int) async throws -> [SocketAddress] {
        try await withCheckedThrowingContinuation { caller in
            Self.queue.async { caller.resume(with: Result { try Self.lookUp(host, port) }) }
        }
    }

    private static func lookUp(_ host: String, _ port: Int) throws -> [SocketAddress] {
        var hints = addrinfo()
        hints.ai_socktype = Self.stream
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else { throw NameUnknown(isTemporary: code == EAI_AGAIN || code == EAI_SYSTEM) }
        let addresses = sequence(first: list) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap { entry in
            entry.flatMap { address($0.pointee) }
        }
        if addresses.isEmpty { throw NameUnknown(isTemporary: false) }
        return addresses
    }

    private static func address(_ entry: addrinfo) -> SocketAddress? {
        guard let raw = entry.ai_addr.map({ UnsafeRawPointer($0) }) else { return nil }
        return switch entry.ai_family {
        case AF_INET: SocketAddress(raw.load(as: sockaddr_in.self))
        case AF_INET6: SocketAddress(raw.load(as: sockaddr_in6.self))
        default: nil
        }
    }

    #if canImport(Glibc)
        private static let stream = Int32(SOCK_STREAM.rawValue)
    #else
        private static let stream = SOCK_STREAM
    #endif
}
