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

    @Argument(
        help: ArgumentHelp(
            "The database: a SQLite file that isn't there yet, or an empty MySQL or PostgreSQL database.",
            valueName: "URL"
        )
    )
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

    @Option(help: "Of a hundred obsolete records, how many were replaced at one and the same moment.")
    var sameMoment = 0

    @Option(help: "Of a hundred obsolete records, how many lie on a downed node; they are the oldest then.")
    var onDowned = 0

    @Option(help: "The same seed makes the same history.")
    var seed: UInt64 = 1

    func run() async throws {
        if node.isEmpty { throw ValidationError("name at least one storage node with --node") }
        let target = try SandboxDatabase(database, createsFile: true).connector
        if try await SandboxTokenserver.exists(target) {
            throw ValidationError("\(target.name) has Tokenserver's tables already; name another database")
        }
        let urls = node + downedNode
        let rows = urls.enumerated().map { index, url in
            var row = SandboxTokenserver.NodeRow(id: NodeID(Int64(index + 1)), url: url)
            row.downed = index < node.count ? 0 : 1
            row.capacity = 10_000_000
            row.currentLoad = users
            return row
        }
        let downed = rows.last { $0.downed != 0 }?.id
        if onDowned > 0, downed == nil { throw ValidationError("--on-downed needs a --downed-node") }
        let gone = (0..<goneNodes).map { NodeID(Int64(1000 + $0)) }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let tokenserver = try await SandboxTokenserver.create(connector: target)
        try await tokenserver.insert(rows)
        // Users are made in parts, so that memory doesn't grow with their number.
        var (left, lastUID, part) = (users, Int64(0), seed)
        var count = 0
        while left > 0 {
            var settings = GeneratedHistory.Settings(nodes: rows.prefix(node.count).map(\.id), now: now)
            settings.downedNodes = rows.dropFirst(node.count).map(\.id)
            settings.goneNodes = gone
            settings.malformedPerMille = malformed
            settings.users = min(left, 20_000)
            settings.seed = part
            settings.firstUID = lastUID + 1
            let records = GeneratedHistory.records(settings).map { changed($0, now: now, downedNode: downed) }
            try await tokenserver.insert(records)
            count += records.count
            lastUID = records.last?.uid ?? lastUID
            left -= settings.users
            part = part &* 31 &+ 7
        }
        print("made \(count) records of \(users) users on \(urls.count) nodes")
    }

    /// The record as it is where much was replaced at once, or lies on a downed node.
    private func changed(_ record: SandboxRecord, now: Int64, downedNode: NodeID?) -> SandboxRecord {
        var record = record
        guard let replacedAt = record.replacedAt else { return record }
        let share = Int(record.uid &* 7_919 % 100)
        let year: Int64 = 365 * 86_400_000
        if share < sameMoment { record.replacedAt = now - year / 4 }
        if share < onDowned, let downedNode {
            record.replacedAt = replacedAt - year
            record.node = downedNode
        }
        return record
    }
}
