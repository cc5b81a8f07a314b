package import Foundation
import Purging
import SQLiteDriver
import SyncTokens

/// Shows the real program at work in a small world on loopback, with each command line as a user would type it, and
/// checks for itself what came of it.
package struct Demo: Sendable {
    private static let secret = "a secret for the demo only"

    let program: URL
    let folder: URL
    let users: Int
    let seed: UInt64

    /// - Parameter folder: an empty folder for the database and the secret.
    package init(program: URL, folder: URL, users: Int, seed: UInt64) {
        self.program = program
        self.folder = folder
        self.users = users
        self.seed = seed
    }

    /// - Returns: whether everything was as promised.
    package func run() async throws -> Bool {
        let database = folder.appending(path: "tokenserver.db").path
        let secretFile = folder.appending(path: "secret").path
        try Self.secret.write(toFile: secretFile, atomically: true, encoding: .utf8)
        let world = try await SandboxWorld(
            connector: SQLiteConnector(path: database, createsFile: true),
            secret: try MasterSecret(Self.secret),
            users: users,
            seed: seed
        )
        describe(world, database)
        let types = world.live.flatMap { ["--node-type", "\($0.row.url)=\($0.keying == .uid ? "mysql" : "spanner")"] }
        let common = ["--database-url", "sqlite:\(database)"] + types

        try await show("What is there to purge?", ["backlog"] + common)
        let before = try await world.tokenserver.recordCount()
        try await show(
            "What would a purge do? A dry run covers all of it, and changes nothing.",
            ["--dryrun", "--oneshot", "--human_logs", "--secret-file", secretFile] + common
        )
        var ok = check("the dry run changed no record", try await world.tokenserver.recordCount() == before)
        ok = check("the dry run sent no request", world.live.allSatisfy { $0.node.log.counters.requests == 0 }) && ok

        let cutoff = Int64(Date().timeIntervalSince1970 * 1000) - 86_400_000
        let code = try await show(
            "The purge itself: one run, then exit.",
            ["--oneshot", "--human_logs", "--secret-file", secretFile] + common
        )
        say("It ended with exit code \(code): 3 says that some records failed, as they hold a malformed client_state.")
        try await show("What is left?", ["backlog"] + common)
        showNodes(world)
        return try await judge(world, cutoff: cutoff) && ok
    }

    private func describe(_ world: SandboxWorld, _ database: String) {
        let obsolete = world.records.filter { $0.replacedAt != nil }.count
        say("A Tokenserver of \(users) users in \(database):")
        say("\(world.records.count) records, \(obsolete) of them replaced, and these storage nodes:")
        for place in world.live {
            let data = place.node.data
            say("  \(place.row.url)  keyed by \(place.keying.rawValue), holds data of \(data.count) users")
        }
        say("  \(world.downed.url)  marked as down")
        say("  node \(world.goneNode)  gone: its row is missing")
    }

    @discardableResult
    private func show(_ title: String, _ arguments: [String]) async throws -> Int32 {
        say("\n== \(title)\n")
        say("$ \(program.lastPathComponent) \(arguments.map(Self.quoted).joined(separator: " "))\n")
        let run = try await ProgramRun.run(program, arguments, environment: [:], inheritsError: true)
        if !run.standardOutput.isEmpty { say(run.standardOutput) }
        return run.exitCode
    }

    private func showNodes(_ world: SandboxWorld) {
        say("== What the storage nodes saw\n")
        for place in world.live {
            let counters = place.node.log.counters
            say(
                """
                  \(place.row.url)  \(counters.requests) requests, \(counters.deletesConfirmed) deletions confirmed, \
                at most \(counters.maxInFlight) at once; still holds data of \(place.node.data.count) users
                """
            )
        }
    }

    private func judge(_ world: SandboxWorld, cutoff: Int64) async throws -> Bool {
        say("\n== Was it as promised?\n")
        let left = try await world.tokenserver.records()
        let active = world.records.filter { $0.replacedAt == nil }
        var ok = check(
            "all \(active.count) active records are there",
            Set(active.map(\.uid)).isSubset(of: left.map(\.uid))
        )
        ok = check("no active user lost any data", world.harmed(gracePeriodEndsAt: cutoff).isEmpty) && ok
        let unconfirmed = try await world.falselyDone()
        ok = check("no record went while its own data stayed", unconfirmed.isEmpty) && ok
        let waiting = left.filter { $0.node == world.downed.id }.count
        ok = check("the \(waiting) records of the downed node wait for it", waiting > 0) && ok
        let purged = world.records.count - left.count
        ok = check("\(purged) obsolete records are gone", purged > 0) && ok
        let slots = try await world.tokenserver.nodes().allSatisfy {
            (0...$0.capacity).contains($0.available) && (0...$0.capacity).contains($0.currentLoad)
        }
        return check("every node's slots are within its capacity", slots) && ok
    }

    private func check(_ claim: String, _ holds: Bool) -> Bool {
        say("  \(holds ? "yes" : "NO ")  \(claim)")
        return holds
    }

    private func say(_ text: String) {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    private static func quoted(_ argument: String) -> String {
        argument.contains(" ") ? "'\(argument)'" : argument
    }
}
