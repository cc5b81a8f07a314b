import Foundation

/// pgbouncer in transaction mode before a PostgreSQL server, on 127.0.0.1, until the last reference to it goes.
package final class Pooler: Sendable {
    package struct StartFailed: Error {}

    package let port: Int
    private let input: FileHandle
    private let folder: URL

    /// - Parameter connections: how many it has to the server; they take turns.
    package init(before serverPort: Int, connections: Int = 20) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "pooler-\(UUID().uuidString)")
        let process = Process()
        process.executableURL = URL(filePath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Scripts/pooler")
        process.arguments = [folder.path, String(serverPort), String(connections)]
        let (input, output) = (Pipe(), Pipe())
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        self.input = input.fileHandleForWriting
        var line = ""
        while !line.hasSuffix("\n"), case let data = output.fileHandleForReading.availableData, !data.isEmpty {
            line += String(decoding: data, as: UTF8.self)
        }
        guard line.hasPrefix("ready "), let port = Int(line.dropFirst(6).dropLast()) else { throw StartFailed() }
        self.port = port
    }

    deinit {
        try? input.close()
        try? FileManager.default.removeItem(at: folder)
    }
}
