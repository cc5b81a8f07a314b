import Foundation
import Synchronization

/// One run of `Scripts/database-server`, which starts a server, and stops it when our end of its input is closed: by
/// us, or by the system when this process ends in whatever way.
final class ServerRun: Sendable {
    typealias Address = (port: Int, processID: Int32)

    private let readiness = Promise<Result<Address, DatabaseServer.StartFailed>>()
    private let end = Promise<Void>()
    private let processID: Int32
    /// Nil when closed.
    private let input: Mutex<FileHandle?>

    init(arguments: [String]) throws {
        let script = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Scripts/database-server")
        let (input, output, errors) = (try Self.pipe(), try Self.pipe(), try Self.pipe())
        let process = Process()
        process.executableURL = script
        process.arguments = arguments
        process.standardInput = input.readEnd
        process.standardOutput = output.writeEnd
        process.standardError = errors.writeEnd
        try Self.withAllSignals { try process.run() }
        for handle in [input.readEnd, output.writeEnd, errors.writeEnd] { try handle.close() }
        self.input = Mutex(input.writeEnd)
        processID = process.processIdentifier

        // A thread of its own, as reading blocks. The end of the output, which the script alone holds, tells of its
        // end: Foundation's notice of that would wait for all processes that were started by the script.
        Thread.detachNewThread { [readiness, end, output = output.readEnd, errors = errors.readEnd] in
            readiness.fulfil(Self.readAddress(from: output, errors: errors))
            while !output.availableData.isEmpty {}
            end.fulfil(())
        }
    }

    deinit { closeInput() }

    var hasEnded: Bool { end.isFulfilled }

    /// Where the server can be reached, as soon as it can.
    func ready() async throws -> Address { try await readiness.value().get() }

    func ended() async { await end.value() }

    /// Calls back when the run has ended, at once if it has already.
    func whenEnded(_ callback: @escaping @Sendable () -> Void) { end.whenFulfilled(callback) }

    /// Has the server end in order and keep its data.
    func terminate() {
        if !hasEnded { kill(processID, SIGTERM) }
    }

    /// Has the server end quickly, and its folder removed.
    func closeInput() {
        input.withLock { handle in
            try? handle?.close()
            handle = nil
        }
    }

    private static func readAddress(
        from output: FileHandle,
        errors: FileHandle
    ) -> Result<Address, DatabaseServer.StartFailed> {
        var line = ""
        // "ready PORT PID"
        while !line.hasSuffix("\n"), case let data = output.availableData, !data.isEmpty {
            line += String(decoding: data, as: UTF8.self)
        }
        let words = line.split(whereSeparator: \.isWhitespace)
        if words.count == 3, words[0] == "ready", let port = Int(words[1]), let processID = Int32(words[2]) {
            return .success((port, processID))
        }
        let message = (try? errors.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
        return .failure(DatabaseServer.StartFailed(description: message ?? "The server did not start."))
    }

    /// Tasks run on threads with signals blocked, which a process started there would inherit, and never notice a
    /// SIGTERM.
    private static func withAllSignals<Result>(_ body: () throws -> Result) rethrows -> Result {
        var (all, earlier) = (sigset_t(), sigset_t())
        sigemptyset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &earlier)
        defer { pthread_sigmask(SIG_SETMASK, &earlier, nil) }
        return try body()
    }

    /// A pipe that no other child process inherits: one that held the script's input open would keep it running.
    private static func pipe() throws -> (readEnd: FileHandle, writeEnd: FileHandle) {
        var ends: [Int32] = [-1, -1]
        guard Foundation.pipe(&ends) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EMFILE) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (
            FileHandle(fileDescriptor: ends[0], closeOnDealloc: true),
            FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        )
    }
}
