import Foundation
import Testing

/// The Python with the packages that check our requests.
enum TestPython {
    /// What `script` prints when given `arguments`. It must end with status 0.
    static func run(_ script: URL, _ arguments: [String]) throws -> Data {
        let process = Process()
        process.executableURL = try interpreter()
        process.arguments = [script.path] + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(script.lastPathComponent) failed; its errors are printed above")
        return data
    }

    private static func interpreter() throws -> URL {
        let package = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
        let path =
            ProcessInfo.processInfo.environment["PURGE_TEST_PYTHON"]
            ?? package.appending(path: ".build/test-python/bin/python").path
        try #require(
            FileManager.default.isExecutableFile(atPath: path),
            "there is no Python with hawkauthlib and tokenlib at \(path): run `make test`, or set PURGE_TEST_PYTHON"
        )
        return URL(filePath: path)
    }
}
