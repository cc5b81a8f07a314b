package import Steering
package import TokenserverStore

/// `--throttle-query`: what an operator's own statement says. A number above 0 is busy; it runs where nothing can be written.
package struct QueryBrake: Brake {
    private let database: WatchedDatabase
    private let text: String

    package init(_ connector: any SQLConnector, query: String) {
        database = WatchedDatabase(connector)
        text = query
    }

    package var name: String { "--throttle-query" }

    package func ask() async throws -> BrakeReading {
        let rows = try await database.use { [text] session in
            try session.query("\(sql: text)").map { row in
                row.integerIfAny(0).map { Double($0) } ?? row.textIfAny(0).flatMap { Double($0) }
            }
        }
        guard let value = rows.first ?? nil else { throw SQLError.failed("its result is no number") }
        return value > 0 ? .busy("it says \(Int64(exactly: value).map { String($0) } ?? String(value))") : .free
    }
}
