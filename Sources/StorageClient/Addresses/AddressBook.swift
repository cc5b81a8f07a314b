import NIOCore
import Purging
import Synchronization

/// The newest addresses of the hosts, as far as they were looked up. A look-up that fails changes nothing.
final class AddressBook: Sendable {
    private struct Entry {
        var addresses: [SocketAddress] = []
        var at: ContinuousClock.Instant?
        /// Only one look-up of a name at a time.
        var running: Task<[SocketAddress], any Error>?
    }

    private let resolver: any NameResolver
    private let time: any TimeSource
    /// An answer is as good as new for so long.
    private let freshness: Duration
    /// When no newer answer can be had, an answer serves new connections for so long.
    private let longest: Duration
    private let entries = Mutex<[String: Entry]>([:])

    init(_ resolver: any NameResolver, freshness: Duration, longest: Duration, time: any TimeSource) {
        self.resolver = resolver
        self.freshness = freshness
        self.longest = longest
        self.time = time
    }

    /// An address in place of a name needs no look-up.
    static func isAddress(_ host: String) -> Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }

    /// Where to connect to.
    ///
    /// - Throws: if the name has no address, and had none in the last minutes.
    func addresses(of host: String, port: Int) async throws -> [SocketAddress] {
        if let address = try? SocketAddress(ipAddress: host, port: port) { return [address] }
        let known = entries.withLock { $0[Self.key(host, port)] }
        let age = known?.at.map { time.now - $0 }
        if let known, let age, age < freshness { return known.addresses }
        do {
            return try await lookUp(host, port)
        } catch {
            guard let known, let age, age < longest else { throw error }
            return known.addresses
        }
    }

    /// Looks the name up, unless that is being done.
    @discardableResult
    func lookUp(_ host: String, _ port: Int) async throws -> [SocketAddress] {
        let key = Self.key(host, port)
        let task = entries.withLock { entries in
            if let running = entries[key]?.running { return running }
            let task = Task { [resolver] in try await resolver.addresses(of: host, port: port) }
            entries[key, default: Entry()].running = task
            return task
        }
        let result = await task.result
        let now = time.now
        entries.withLock { entries in
            guard entries[key]?.running == task else { return }
            entries[key]?.running = nil
            guard case .success(let addresses) = result, !addresses.isEmpty else { return }
            entries[key]?.addresses = addresses
            entries[key]?.at = now
        }
        return try result.get()
    }

    /// Whether a connection to this address may still be used: it is among the newest, or nothing is known.
    func holds(_ address: String?, host: String, port: Int) -> Bool {
        guard let known = entries.withLock({ $0[Self.key(host, port)]?.addresses }), !known.isEmpty else { return true }
        return known.contains { $0.ipAddress == address }
    }

    private static func key(_ host: String, _ port: Int) -> String { "\(host) \(port)" }
}
