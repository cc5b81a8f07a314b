import Foundation
import Testing

/// One of this package's programs, run as a process of its own.
enum Program: String {
    case purge = "purge-old-records"
    case sandbox = "sync-sandbox"
    case manual = "program-manual"

    /// Beside the running tests.
    var url: URL {
        let tests = URL(filePath: CommandLine.arguments.first ?? "").standardizedFileURL
        return tests.deletingLastPathComponent().appending(path: rawValue)
    }

    /// Runs it to its end, with exactly this environment.
    func run(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String? = nil,
        namesStorage: Bool = true
    ) async throws -> Finished {
        try await start(arguments, environment: environment, input: input, namesStorage: namesStorage).finished()
    }

    /// - Parameters:
    ///   - error: where its standard error goes instead of a file.
    ///   - namesStorage: whether `--node-type mysql` is added where a database is given and nothing says what the storage
    ///     is: most tests' nodes key by uid, and their users have one record.
    func start(
        _ arguments: [String],
        environment: [String: String] = [:],
        input: String? = nil,
        error: FileHandle? = nil,
        namesStorage: Bool = true
    ) throws -> Running {
        var arguments = arguments
        if self == .purge, namesStorage, Self.needsType(arguments, environment) {
            let place = ["backlog", "purge"].contains(arguments.first) ? 1 : 0
            arguments.insert(contentsOf: ["--node-type", "mysql"], at: place)
        }
        return try Running(url, arguments, environment: environment, input: input, error: error)
    }

    private static func needsType(_ arguments: [String], _ environment: [String: String]) -> Bool {
        let saysType = arguments.contains("--node-type") || environment["SYNC_TOKENSERVER__SPANNER_NODE_ID"] != nil
        let hasDatabase = environment["SYNC_TOKENSERVER__DATABASE_URL"] != nil || arguments.contains("--database-url")
        return hasDatabase && !saysType && arguments.first != "audit"
    }

    struct Finished {
        /// The exit code, or the signal that ended it as 128 + its number.
        let code: Int32
        let output: String
        let error: String

        /// The lines of the log, each of which must be a JSON object.
        func logLines() throws -> [[String: any Sendable]] {
            try error.split(separator: "\n").map { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
                return try #require(object as? [String: any Sendable], "no JSON object: \(line)")
            }
        }

        /// The summary that ends a run's log.
        func summary() throws -> [String: any Sendable] {
            try #require(try logLines().last { $0["stop_reason"] != nil }, "no summary in: \(error)")
        }
    }

    /// A process under way. Its output goes to files, so that it never waits for us.
    final class Running: Sendable {
        let pid: Int32
        private let process: Process
        private let folder: URL
        /// Finishes when the process has ended.
        private let ended: AsyncStream<Never>

        init(
            _ program: URL,
            _ arguments: [String],
            environment: [String: String],
            input: String?,
            error: FileHandle? = nil
        ) throws {
            folder = FileManager.default.temporaryDirectory.appending(path: "program-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for name in ["output", "error"] {
                try Data().write(to: folder.appending(path: name))
            }
            let process = Process()
            process.executableURL = program
            process.arguments = arguments
            process.environment = environment.merging(Self.sanitizerEnvironment) { own, _ in own }
            process.standardInput = FileHandle.nullDevice
            if let input {
                try Data(input.utf8).write(to: folder.appending(path: "input"))
                process.standardInput = try FileHandle(forReadingFrom: folder.appending(path: "input"))
            }
            process.standardOutput = try FileHandle(forWritingTo: folder.appending(path: "output"))
            process.standardError = try error ?? FileHandle(forWritingTo: folder.appending(path: "error"))
            let (ended, continuation) = AsyncStream.makeStream(of: Never.self)
            process.terminationHandler = { _ in continuation.finish() }
            try process.run()
            self.process = process
            self.ended = ended
            pid = process.processIdentifier
        }

        /// A sanitizer's settings reach the program too, and the path on which it finds its symbolizer.
        private static var sanitizerEnvironment: [String: String] {
            let all = ProcessInfo.processInfo.environment
            let settings = all.filter { $0.key.hasSuffix("SAN_OPTIONS") }
            return settings.isEmpty ? [:] : settings.merging(["PATH": all["PATH"] ?? ""]) { own, _ in own }
        }

        var isRunning: Bool { process.isRunning }

        func send(_ signal: Int32) { kill(pid, signal) }

        /// What it has printed so far.
        var outputSoFar: String { text("output") }

        /// What it has logged so far.
        var errorSoFar: String { text("error") }

        func finished() async -> Finished {
            for await _ in ended {}
            defer { try? FileManager.default.removeItem(at: folder) }
            let code = process.terminationStatus
            return Finished(
                code: process.terminationReason == .exit ? code : 128 + code,
                output: text("output"),
                error: text("error")
            )
        }

        private func text(_ name: String) -> String {
            (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
        }
    }
}
