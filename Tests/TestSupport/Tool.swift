package import Foundation

/// A program that checks something for the tests.
package enum Tool {
    package struct Missing: Error, CustomStringConvertible {
        package let description: String
    }

    package struct Output: Sendable {
        package let code: Int32
        /// Standard output and standard error, one after the other as they came.
        package let text: String
    }

    /// The Python with the packages that check our requests, pages and manifests: the one in `PURGE_TEST_PYTHON`, or the
    /// one that `make test` makes.
    package static func python() throws -> URL {
        let own = ProcessInfo.processInfo.environment["PURGE_TEST_PYTHON"].map { URL(filePath: $0) }
        return try existing(own ?? Repository.url(".build/test-python/bin/python"))
    }

    /// A program of a Debian package that `make test` unpacks.
    package static func unpacked(_ path: String) throws -> URL {
        try existing(Repository.url(".build/unpacked/\(path)"))
    }

    /// Runs it to its end.
    package static func run(_ program: URL, _ arguments: [String], in folder: URL? = nil) throws -> Output {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = folder }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return Output(code: process.terminationStatus, text: text)
    }

    private static func existing(_ program: URL) throws -> URL {
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw Missing(description: "there is no \(program.path): run `make test`, which makes it")
        }
        return program
    }
}
