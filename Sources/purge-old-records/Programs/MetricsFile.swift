import Foundation
import Logging
import Monitoring
import Purging
import Synchronization

/// The file of `--metrics-file`: made anew at each run's end, and put in its place as a whole.
final class MetricsFile: Sendable {
    private let path: String
    private let monitor: Monitor
    private let isStrict: Bool
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var isWritten = false
        var hasFailed = false
    }

    init(path: String, monitor: Monitor, isStrict: Bool, logger: Logger) {
        self.path = path
        self.monitor = monitor
        self.isStrict = isStrict
        self.logger = logger
    }

    /// After a run.
    func write(_ summary: RunSummary) async { await write(exitCode: summary.exitCode(isStrict: isStrict)) }

    /// At the program's end: tells of a run that could not begin. Where none was begun on request, nothing is to be told.
    ///
    /// - Returns: the program's exit code: 1 if the file could not be written, though all else went well.
    func close(code: Int32) async -> Int32 {
        if code != 0, !state.withLock({ $0.isWritten }) { await write(exitCode: code) }
        return code == 0 && state.withLock({ $0.hasFailed }) ? 1 : code
    }

    private func write(exitCode: Int32) async {
        let text = await monitor.metrics(exitCode: exitCode)
        do {
            try replace(with: text)
            state.withLock { $0 = State(isWritten: true, hasFailed: false) }
        } catch {
            state.withLock { $0 = State(isWritten: true, hasFailed: true) }
            logger.error(
                "The file of --metrics-file can't be written",
                metadata: ["file": .string(path), "problem": .string("\(error)")]
            )
        }
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String

        init() { description = String(cString: strerror(errno)) }
    }

    /// The file is there with the old text or the new one, whenever the program is killed.
    private func replace(with text: String) throws {
        // A name that the collector doesn't read.
        let partial = "\(path).\(getpid())"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw Failure() }
        defer { _ = Foundation.close(descriptor) }
        do {
            // The collector runs as somebody else, whatever the umask says.
            guard fchmod(descriptor, 0o644) == 0 else { throw Failure() }
            var bytes = Array(text.utf8)[...]
            while !bytes.isEmpty {
                let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { throw Failure() }
                bytes = bytes.dropFirst(count)
            }
            guard fsync(descriptor) == 0, rename(partial, path) == 0 else { throw Failure() }
        } catch {
            unlink(partial)
            throw error
        }
    }
}
