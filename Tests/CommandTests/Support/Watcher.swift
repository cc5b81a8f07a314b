import Foundation
import Testing

/// Asks a program that runs with `--listen 0`.
struct Watcher {
    let url: URL

    /// Waits until the program has said where it listens.
    init(_ program: Program.Running) async throws {
        try await eventually("it listens") {
            program.errorSoFar.contains("\"address\":") || !program.isRunning
        }
        let log = program.errorSoFar
        let address = try #require(log.firstMatch(of: /"address":"([^"]+)"/)?.1, "\(log)")
        url = try #require(URL(string: "http://\(address)/"))
    }

    struct Answer {
        let status: Int
        let text: String
    }

    func get(_ path: String = "") throws -> Answer {
        let curl = Process()
        curl.executableURL = URL(filePath: "/usr/bin/curl")
        curl.arguments = [
            "--silent", "--max-time", "20", "--write-out", "%{http_code}", "\(url.absoluteString)\(path)",
        ]
        let output = Pipe()
        curl.standardOutput = output
        try curl.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        curl.waitUntilExit()
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return Answer(
            status: lines.last.flatMap { Int($0) } ?? 0,
            text: lines.dropLast().joined(separator: "\n") + "\n"
        )
    }

    /// The value of a metric's only sample, or of the one with these labels.
    func metric(_ name: String) throws -> Double? {
        try get("metrics").text.split(separator: "\n").first { $0.hasPrefix("\(name) ") }
            .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }

    func status() throws -> [String: Any] {
        let text = try get("status").text
        return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any], "\(text)")
    }
}
