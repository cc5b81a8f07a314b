import Foundation

/// How many files and connections the process may have open.
enum FileLimit {
    /// More than any number of nodes and requests takes.
    private static let most: UInt64 = 65_536

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
