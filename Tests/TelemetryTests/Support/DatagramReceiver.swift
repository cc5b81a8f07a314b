#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A UDP socket on a free port of the loopback interface.
final class DatagramReceiver: Sendable {
    struct SystemFailure: Error {
        let code: Int32
    }

    enum Family {
        case v4
        case v6
    }

    let port: UInt16
    private let descriptor: Int32

    init(_ family: Family = .v4) throws {
        #if canImport(Glibc)
            let type = Int32(SOCK_DGRAM.rawValue)
        #else
            let type = SOCK_DGRAM
        #endif
        descriptor = socket(family == .v4 ? AF_INET : AF_INET6, type, 0)
        guard descriptor >= 0 else { throw SystemFailure(code: errno) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let bound: (code: Int32, port: UInt16) =
            switch family {
            case .v4: Self.bindV4(descriptor)
            case .v6: Self.bindV6(descriptor)
            }
        port = bound.port
        guard bound.code == 0 else { throw SystemFailure(code: errno) }
    }

    deinit {
        close(descriptor)
    }

    /// The next datagram; fails when none comes.
    func receive() throws -> String {
        var bytes = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 else { throw SystemFailure(code: errno) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// What has arrived already; on loopback that is everything sent.
    func receiveAllThereIs() -> [String] {
        var datagrams: [String] = []
        var bytes = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            guard count >= 0 else { return datagrams }
            datagrams.append(String(decoding: bytes[..<count], as: UTF8.self))
        }
    }

    private static func bindV4(_ descriptor: Int32) -> (code: Int32, port: UInt16) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(descriptor, name, size) == 0 ? getsockname(descriptor, name, &size) : -1
            }
        }
        return (code, UInt16(bigEndian: address.sin_port))
    }

    private static func bindV6(_ descriptor: Int32) -> (code: Int32, port: UInt16) {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let code = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { name in
                bind(descriptor, name, size) == 0 ? getsockname(descriptor, name, &size) : -1
            }
        }
        return (code, UInt16(bigEndian: address.sin6_port))
    }
}
