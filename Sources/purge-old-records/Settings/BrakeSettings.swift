import Databases
import Foundation
import Purging
import Steering
import StorageClient
import TokenserverStore

/// The checked form of ``BrakeOptions``.
struct BrakeSettings {
    let brakes: [any Brake]
    /// For the log: without passwords.
    let text: String

    init(
        _ options: BrakeOptions,
        database: any SQLConnector,
        client: HTTPStorageNodeClient.Settings,
        environment: [String: String]
    ) throws(UsageError) {
        var brakes: [any Brake] = []
        let limits = try Self.limits("--max-load", options.maxLoad)
        let critical = try Self.limits("--critical-load", options.criticalLoad)
        if !(limits + critical).isEmpty {
            brakes.append(
                try Self.usable(limits.isEmpty ? "--critical-load" : "--max-load") { () throws(BrakeError) in
                    try LoadBrake(database, limits: limits, critical: critical)
                }
            )
        }
        let variable = "SYNC_TOKENSERVER__REPLICA_URLS"
        let (replicas, origin) =
            options.replica.isEmpty
            ? (environment[variable]?.split(whereSeparator: \.isWhitespace).map(String.init) ?? [], variable)
            : (options.replica, "--replica")
        let lag = try options.maxLag.map { text throws(UsageError) in
            try TimeText.duration("--max-lag", text, in: 0...86_400)
        }
        if lag != nil, replicas.isEmpty {
            throw UsageError(
                problem: "--max-lag has no use without --replica",
                remedy: "name the replica, or leave it out"
            )
        }
        for url in replicas {
            let connector: any SQLConnector
            do {
                connector = try Database.connector(url)
            } catch {
                throw UsageError(problem: "\(origin): \(error.problem)", remedy: error.remedy)
            }
            brakes.append(
                try Self.usable(origin) { () throws(BrakeError) in
                    try ReplicaBrake(connector, of: database, mostLag: lag ?? .seconds(5))
                }
            )
        }
        if let query = options.throttleQuery { brakes.append(try Self.query(query, database)) }
        if let url = options.throttleHttp { brakes.append(try Self.probe(url, client)) }
        self.brakes = brakes
        text = brakes.map(\.name).joined(separator: "; ")
    }

    private static func limits(_ option: String, _ texts: [String]) throws(UsageError) -> [LoadLimit] {
        var limits: [LoadLimit] = []
        for text in texts {
            guard let some = LoadLimit.limits(text) else {
                throw UsageError(
                    problem: "\(option) is no measure and number: \(text.prefix(64))",
                    remedy: "give it as Threads_running=50, or active=50 on PostgreSQL"
                )
            }
            limits += some
        }
        return limits
    }

    private static func usable(
        _ option: String,
        _ body: () throws(BrakeError) -> any Brake
    ) throws(UsageError) -> any Brake {
        do {
            return try body()
        } catch {
            throw UsageError(problem: "\(option) can't be used here: \(error)", remedy: "see --help, or leave it out")
        }
    }

    private static func query(_ text: String, _ database: any SQLConnector) throws(UsageError) -> any Brake {
        let query = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard query.lowercased().hasPrefix("select "), !query.contains(";") else {
            throw UsageError(
                problem: "--throttle-query is not one SELECT",
                remedy: "give a statement that begins with SELECT and has no semicolon; its first value counts"
            )
        }
        return QueryBrake(database, query: "SELECT " + query.dropFirst("select ".count))
    }

    private static func probe(_ url: String, _ client: HTTPStorageNodeClient.Settings) throws(UsageError) -> any Brake {
        guard let probe = try? StatusProbe(url: url, settings: client, time: SystemTime()) else {
            throw UsageError(
                problem: "--throttle-http is no URL that can be asked",
                remedy: "give it as http://host:port/path, without user and password"
            )
        }
        return HTTPBrake(probe: probe)
    }
}

/// `--throttle-http`: what a URL answers.
private struct HTTPBrake: Brake {
    private static let limit = Duration.seconds(3)

    let probe: StatusProbe

    var name: String { "--throttle-http" }

    func ask() async throws -> BrakeReading {
        guard let status = await probe.status(within: Self.limit) else { return .busy("it does not answer") }
        return status == 200 ? .free : .busy("it answers with status \(status)")
    }
}
