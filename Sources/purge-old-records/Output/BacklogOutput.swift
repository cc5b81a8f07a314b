import Monitoring
import Purging
import Support
import Telemetry

/// Writes the report on the backlog to standard output: records as they come, the report last.
struct BacklogOutput {
    let database: String
    /// When the audit log ends that the nodes' answers are from; nil if none was given.
    let asOf: String?
    let lists: Bool
    let isJSON: Bool

    /// - Throws: what ``StandardOutput`` throws.
    func write(_ exception: BacklogReport.Exception) throws {
        guard lists else { return }
        if isJSON {
            return try StandardOutput.write(
                line: JSONDocument.text(of: ["record": BacklogDocument.Record(exception)])
            )
        }
        let planned = exception.planned
        var line = "uid \(planned.uid) node \(planned.node) replaced \(WallTime(planned.replacedAt).readable)"
        line += " \(planned.verb.rawValue) \(planned.reason) (\(exception.cause.rawValue))"
        if let problem = exception.problem { line += ": \(problem)" }
        if let answer = exception.lastAnswer { line += ", last answer \(answer)" }
        if let until = exception.deferredUntil { line += ", deferred until \(WallTime(until).readable)" }
        try StandardOutput.write(line: line)
    }

    /// - Throws: what ``StandardOutput`` throws.
    func write(_ report: BacklogReport) throws {
        if isJSON {
            let document = BacklogDocument(report, database: database, asOf: asOf)
            try StandardOutput.write(line: JSONDocument.text(of: ["backlog": document]))
        } else {
            if lists { try StandardOutput.write(line: "") }
            try StandardOutput.write(line: BacklogTable(report: report, database: database, asOf: asOf).text)
        }
        try StandardOutput.flush()
    }
}
