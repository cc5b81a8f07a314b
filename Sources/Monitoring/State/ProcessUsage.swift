import Foundation

/// What this process uses of the machine.
struct ProcessUsage: Sendable, Equatable {
    /// User and system time, in seconds.
    var cpuSeconds = 0.0
    /// In bytes; nil where that can't be told.
    var residentMemory: Int?
    /// Open file descriptors; nil where that can't be told.
    var openFiles: Int?

    static func current() -> ProcessUsage {
        var usage = rusage()
        getrusage(own, &usage)
        var result = ProcessUsage(cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime))
        if let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) {
            let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            result.residentMemory = pages.map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) }
        }
        // The folder itself is open while it is read.
        result.openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { $0.count - 1 }
        return result
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    #if canImport(Glibc)
        private static var own: Int32 { Int32(RUSAGE_SELF.rawValue) }
    #else
        private static var own: Int32 { RUSAGE_SELF }
    #endif
}
