import ArgumentParser
import Foundation
import Sandbox
import SQLiteDriver
import SyncTokens
import TokenserverStore

struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node",
        abstract: "Run a storage node until it is interrupted.",
        discussion: """
            It verifies tokens and Hawk signatures as a real node does, and keeps data in memory. A --fault is a list \
            of fields: status=503,retry-after=10,probability=0.1 or close,when=after,uids=1-5. While it runs, \
            http://HOST:PORT/__sandbox__/ takes and tells more: PUT faults, GET stats, GET log, PUT data.
            """
    )

    @Option(help: "The master secret.")
    var secret = "secret"

    @Option(help: "The port to listen on; 0 for any that is free.")
    var port = 0

    @Option(help: "How the data is keyed: uid (MySQL, PostgreSQL) or account (Spanner).")
    var keying = DataKeying.uid

    @Option(help: ArgumentHelp("The URL that tokens must name. (default: where it listens)", valueName: "URL"))
    var publicURL: String?

    @Option(help: ArgumentHelp("The path below which it answers, such as /sync. (default: none)", valueName: "path"))
    var basePath = ""

    @Option(help: "Milliseconds that each answer takes.")
    var latency = 0

    @Option(help: "How many requests the node works on at once; the others wait. (default: all)")
    var workers: Int?

    @Option(help: ArgumentHelp("A way in which the node misbehaves (repeatable).", valueName: "fields"))
    var fault: [String] = []

    @Option(help: ArgumentHelp("Append one JSON line for each request to this file.", valueName: "file"))
    var log: String?

    @Option(
        help: ArgumentHelp("Hold the data of this database's records that are on this node.", valueName: "sqlite:file")
    )
    var dataOf: String?

    @Flag(help: "Ignore X-If-Unmodified-Since, as some servers do.")
    var ignoreWriteCheck = false

    func run() async throws {
        var configuration = StorageNode.Configuration(secret: try MasterSecret(secret))
        configuration.port = port
        configuration.keying = keying
        configuration.publicURL = publicURL
        configuration.basePath = basePath
        configuration.logFile = log
        configuration.writeCheck = !ignoreWriteCheck
        configuration.faults = FaultPlan(
            try fault.map { try Fault(parsing: $0) },
            latency: latency > 0 ? Latency(.milliseconds(latency)) : nil,
            workers: workers
        )
        let node = try await StorageNode.start(configuration)
        if let dataOf {
            try await load(dataOf, into: node)
        }
        FileHandle.standardOutput.write(Data("listening on \(node.url)\n".utf8))
        // Until a signal ends the process.
        while !Task.isCancelled {
            try await Task.sleep(for: .seconds(3600))
        }
    }

    private func load(_ database: String, into node: StorageNode) async throws {
        let connector = try SandboxDatabase(database, createsFile: false).connector
        let tokenserver = try await SandboxTokenserver(connector: connector)
        guard let row = try await tokenserver.nodes().first(where: { $0.url == node.url }) else {
            throw ValidationError("no node in \(database) has the URL \(node.url)")
        }
        let records = try await tokenserver.records()
        node.data.put(contentsOf: SandboxWorld.data(of: records, on: row.id, keying: keying))
    }
}

extension DataKeying: ExpressibleByArgument {}
