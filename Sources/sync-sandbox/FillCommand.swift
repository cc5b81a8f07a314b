import ArgumentParser
import Foundation
import Purging
import Sandbox
import TokenserverStore

struct FillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fill",
        abstract: "Make a Tokenserver's database with a realistic history."
    )

    @Argument(help: ArgumentHelp("The database to make; it must not be there yet.", valueName: "sqlite:file"))
    var database: String

    @Option(help: ArgumentHelp("A storage node's base URL (repeatable).", valueName: "URL"))
    var node: [String] = []

    @Option(help: ArgumentHelp("The base URL of a node that is down (repeatable).", valueName: "URL"))
    var downedNode: [String] = []

    @Option(help: "How many nodes there were that are gone.")
    var goneNodes = 0

    @Option(help: "How many users there are; each leaves about one obsolete record.")
    var users = 3000

    @Option(help: "Of a thousand records, how many are malformed.")
    var malformed = 2

    @Option(help: "The same seed makes the same history.")
    var seed: UInt64 = 1

    func run() async throws {
        if node.isEmpty { throw ValidationError("name at least one storage node with --node") }
        if case .sqlite(let path) = try? DatabaseURL(database), FileManager.default.fileExists(atPath: path) {
            throw ValidationError("\(path) is there already; name another file")
        }
        let urls = node + downedNode
        let rows = urls.enumerated().map { index, url in
            var row = SandboxTokenserver.NodeRow(id: NodeID(Int64(index + 1)), url: url)
            row.downed = index < node.count ? 0 : 1
            row.capacity = 10_000_000
            row.currentLoad = users
            return row
        }
        let gone = (0..<goneNodes).map { NodeID(Int64(1000 + $0)) }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let tokenserver = try await SandboxTokenserver.create(
            connector: try SandboxDatabase(database, createsFile: true).connector
        )
        try await tokenserver.insert(rows)
        // Users are made in parts, so that memory doesn't grow with their number.
        var (left, lastUID, part) = (users, Int64(0), seed)
        var count = 0
        while left > 0 {
            var settings = History.Settings(nodes: rows.prefix(node.count).map(\.id), now: now)
            settings.downedNodes = rows.dropFirst(node.count).map(\.id)
            settings.goneNodes = gone
            settings.malformedPerMille = malformed
            settings.users = min(left, 20_000)
            settings.seed = part
            settings.firstUID = lastUID + 1
            let records = History.records(settings)
            try await tokenserver.insert(records)
            count += records.count
            lastUID = records.last?.uid ?? lastUID
            left -= settings.users
            part = part &* 31 &+ 7
        }
        print("made \(count) records of \(users) users on \(urls.count) nodes")
    }
}
