package import Foundation

/// One run of a program, waited for without blocking.
package struct ProgramRun: Sendable {
    package let exitCode: Int32
    package let standardOutput: String

    /// Runs the program with exactly this environment.
    ///
    /// - Parameter inheritsError: whether its standard error is ours, so that a person sees it as it comes.
    package static func run(
        _ program: URL,
        _ arguments: [String],
        environment: [String: String],
        inheritsError: Bool
    ) async throws -> ProgramRun {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        let output = FileManager.default.temporaryDirectory.appending(path: "output-\(UUID().uuidString)")
        try Data().write(to: output)
        defer { try? FileManager.default.removeItem(at: output) }
        process.standardOutput = try FileHandle(forWritingTo: output)
        if !inheritsError {
            process.standardError = FileHandle.nullDevice
        }
        // Waiting on a dispatch queue would take a thread from the concurrency pool.
        let (ended, continuation) = AsyncStream.makeStream(of: Never.self)
        process.terminationHandler = { _ in continuation.finish() }
        try process.run()
        for await _ in ended {}
        return ProgramRun(
            exitCode: process.terminationStatus,
            standardOutput: String(decoding: try Data(contentsOf: output), as: UTF8.self)
        )
    }
}
