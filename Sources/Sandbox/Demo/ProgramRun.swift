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
        let output = Pipe()
        process.standardOutput = output
        if !inheritsError {
            process.standardError = FileHandle.nullDevice
        }
        return try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                do {
                    try process.run()
                    let data = output.fileHandleForReading.readDataToEndOfFile()
                    process.waitUntilExit()
                    continuation.resume(
                        returning: ProgramRun(
                            exitCode: process.terminationStatus,
                            standardOutput: String(decoding: data, as: UTF8.self)
                        )
                    )
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}
