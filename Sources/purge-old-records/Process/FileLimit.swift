import Foundation

/// How many files and connections the process may have open.
enum FileLimit {
    /// More than any number of nodes and requests takes.
    private static let most: UInt64 = 65_536

    /// For the database, the logs, the standard streams and the runtime, and for each processor's event loop.
    private static var reserve: Int { 64 + 4 * ProcessInfo.processInfo.activeProcessorCount }
    /// For those who ask `--listen`.
    private static let listening = 140
    /// With fewer connections to nodes there is no use in beginning.
    private static let leastConnections = 8

    struct TooLow: Error, CustomStringConvertible {
        let description: String
    }

    /// How many connections to nodes there may be at once, after ``raise()``.
    ///
    /// - Throws: ``TooLow`` if the rest would be too few.
    static func connections(isListening: Bool = false) throws(TooLow) -> Int {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return Int(most) }
        let all = Int(min(UInt64(limit.rlim_cur), most))
        let needed = reserve + (isListening ? listening : 0)
        if all < needed + leastConnections {
            throw TooLow(
                description: "the limit of open files is \(all), but at least \(needed + leastConnections) are needed;"
                    + " raise it (ulimit -n, LimitNOFILE=)"
            )
        }
        return all - needed
    }

    /// Raises the limit to what the system allows: the usual 1,024 are too few for 32 requests at once to each of many
    /// nodes. Where it can't be raised, it stays.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        let wanted = min(UInt64(limit.rlim_max), most)
        guard UInt64(limit.rlim_cur) < wanted else { return }
        limit.rlim_cur = rlim_t(wanted)
        setrlimit(resource, &limit)
    }

    #if canImport(Glibc)
        private static let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let resource = RLIMIT_NOFILE
    #endif
}
