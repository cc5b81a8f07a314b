import ArgumentParser
import Foundation
import Sandbox

struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show the real program at work on a realistic Tokenserver, and check what came of it."
    )

    @Option(help: "How many users the Tokenserver has.")
    var users = 3000

    @Option(help: "The same seed makes the same world.")
    var seed: UInt64 = 1

    @Option(help: ArgumentHelp("The program to show. (default: purge-old-records beside this one)", valueName: "path"))
    var program: String?

    func validate() throws {
        if !(1...1_000_000).contains(users) {
            throw ValidationError("--users takes a number from 1 to 1000000")
        }
    }

    func run() async throws {
        let beside = Bundle.main.executableURL?.deletingLastPathComponent().appending(path: "purge-old-records").path
        let path = program ?? beside ?? "purge-old-records"
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw ValidationError("there is no program \(path); build it first, or name it with --program")
        }
        let folder = FileManager.default.temporaryDirectory.appending(path: "sync-sandbox-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let demo = Demo(program: URL(filePath: path), folder: folder, users: users, seed: seed)
        if !(try await demo.run()) {
            throw ExitCode.failure
        }
    }
}
