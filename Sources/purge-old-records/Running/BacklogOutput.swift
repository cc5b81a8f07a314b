import Foundation
import Purging

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
        let planned = exception.planned
        if isJSON {
            var record: [String: Any] = [
                "uid": planned.uid.rawValue, "node_id": planned.node.rawValue,
                "replaced_at": planned.replacedAt.rawValue, "action": planned.verb.rawValue,
                "reason": planned.reason, "cause": exception.cause.rawValue,
            ]
            record["last_answer"] = exception.lastAnswer
            return try printJSON(["record": record])
        }
        let answer = exception.lastAnswer.map { ", last answer \($0)" } ?? ""
        try StandardOutput.write(
            line: "uid \(planned.uid) node \(planned.node) replaced_at \(planned.replacedAt.rawValue)"
                + " \(planned.verb.rawValue) \(planned.reason) (\(exception.cause.rawValue))\(answer)"
        )
    }

    /// - Throws: what ``StandardOutput`` throws.
    func write(_ report: BacklogReport) throws {
        if isJSON {
            try printJSON(["backlog": json(report)])
        } else {
            if lists { try StandardOutput.write(line: "") }
            try StandardOutput.write(line: BacklogTable(report: report, database: database, asOf: asOf).text)
        }
        try StandardOutput.flush()
    }

    private func json(_ report: BacklogReport) -> [String: Any] {
        func row(_ row: BacklogReport.Row) -> [String: Any] {
            var fields: [String: Any] = [
                "purgeable": row.purgeable, "waiting": row.waiting, "held": row.held, "malformed": row.malformed,
            ]
            fields["oldest_replaced_at"] = row.oldest?.rawValue
            return fields
        }
        func tally(_ tally: BacklogReport.Tally, _ remedy: String?) -> [String: Any] {
            var fields: [String: Any] = ["count": tally.count]
            fields["oldest_replaced_at"] = tally.oldest?.rawValue
            fields["remedy"] = remedy
            return fields
        }
        func named<Key, Value>(_ values: [Key: Value], _ entry: (Key, Value) -> (String, Any)) -> [String: Any] {
            Dictionary(values.map(entry), uniquingKeysWith: { first, _ in first })
        }
        var fields: [String: Any] = [
            "database": database, "now": report.now.rawValue, "cutoff": report.cutoff.rawValue,
            "partial": report.isPartial, "total": row(report.total),
            "by_node": named(report.byNode) { (String($0.rawValue), row($1)) },
            "by_age": named(report.byAge) { ($0.label, row($1)) },
            "by_cause": named(report.byCause) { ($0.rawValue, row($1)) },
            "held": named(report.held) { ($0.rawValue, tally($1, $0.remedy)) },
            "waiting": named(report.waiting) { ($0.rawValue, tally($1, $0.remedy)) },
        ]
        if report.malformed.count > 0 {
            fields["malformed"] = tally(report.malformed, FailureReason.malformed.remedy)
        }
        if let asOf {
            fields["last_answers_as_of"] = asOf
            fields["last_answers"] = named(report.answered) { ($0, tally($1, BacklogTable.remedy($0))) }
        }
        return fields
    }

    private func printJSON(_ value: [String: Any]) throws {
        let data = try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys, .withoutEscapingSlashes])
        try StandardOutput.write(line: String(decoding: data, as: UTF8.self))
    }
}
