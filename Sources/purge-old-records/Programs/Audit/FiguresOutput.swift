import Journals
import Monitoring
import Purging
import Support

/// The figures of a period, for people and for programs. The schema of the latter is docs/schema/figures.schema.json.
struct FiguresOutput {
    let figures: AuditFigures
    let period: AuditPeriod

    private struct RowDocument: Encodable {
        let node: Int64?
        let storage: String?
        let recordsDeleted: Int
        let dataDeleted: Int
        let accounts: Int?
        /// Nil where nothing was deleted.
        let ageS: AgeDocument?
        let missed: Int?
        let missedByReason: [String: Int]?

        init(_ row: AuditFigures.Row, _ place: AuditFigures.Place?, hasObjective: Bool) {
            node = place?.node
            storage = place?.storage
            recordsDeleted = row.records
            dataDeleted = row.dataDeleted
            accounts = row.accountCount
            ageS = AgeDocument(row.ages)
            missed = hasObjective ? row.missedTotal : nil
            missedByReason = hasObjective ? row.missed : nil
        }
    }

    /// In seconds.
    private struct AgeDocument: Encodable {
        let min: Int64
        let median: Int64
        let p99: Int64
        let max: Int64

        init?(_ ages: AgeDistribution) {
            guard let median = ages.quantile(0.5), let p99 = ages.quantile(0.99) else { return nil }
            (min, max) = (ages.least, ages.most)
            (self.median, self.p99) = (median, p99)
        }
    }

    private struct Document: Encodable {
        let since: String?
        let until: String?
        let objectiveS: Int64?
        let total: RowDocument
        let nodes: [RowDocument]?
        let keptByReason: [String: Int]
        let unreadableLines: Int
    }

    private var rows: [(AuditFigures.Place, AuditFigures.Row)] {
        figures.byPlace.sorted { ($0.key.node, $0.key.storage ?? "") < ($1.key.node, $1.key.storage ?? "") }
    }

    var json: String {
        let hasObjective = period.objective != nil
        let document = Document(
            since: period.since.map { $0 + "Z" },
            until: period.until.map { $0 + "Z" },
            objectiveS: period.objective?.components.seconds,
            total: RowDocument(figures.total, nil, hasObjective: hasObjective),
            nodes: period.isByNode ? rows.map { RowDocument($0.1, $0.0, hasObjective: hasObjective) } : nil,
            keptByReason: figures.kept,
            unreadableLines: figures.unreadable
        )
        return JSONDocument.text(of: ["figures": document])
    }

    var text: String {
        var lines = [
            "Deleted from \(period.since.map { $0 + "Z" } ?? "the beginning") to \(period.until.map { $0 + "Z" } ?? "the end")",
            "",
        ]
        let named = period.isByNode ? rows.map { (name($0.0), $0.1) } : []
        lines += table(named + [("total", figures.total)])
        if let objective = period.objective {
            let missed = figures.total.missedTotal
            lines += [
                "", "Older than \(Figures.duration(objective)) when deleted: \(Figures.counted(missed, "record"))",
            ]
            lines += counts(figures.total.missed)
        }
        if !figures.kept.isEmpty { lines += ["", "Tried and kept, by reason:"] + counts(figures.kept) }
        if figures.unreadable > 0 {
            lines += ["", "lines that could not be read: \(Figures.grouped(figures.unreadable))"]
        }
        return lines.joined(separator: "\n")
    }

    private func name(_ place: AuditFigures.Place) -> String {
        place.storage.map { "\($0) (\(place.node))" } ?? "node \(place.node), no request"
    }

    private func counts(_ counts: [String: Int]) -> [String] {
        let width = counts.keys.map(\.count).max() ?? 0
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { reason, count in
            "  \(reason.padding(width))  \(Figures.grouped(count))"
        }
    }

    private func table(_ rows: [(String, AuditFigures.Row)]) -> [String] {
        let head = ["", "RECORDS", "WITH DATA", "ACCOUNTS", "YOUNGEST", "MEDIAN", "P99", "OLDEST"]
        let cells =
            [head]
            + rows.map { name, row in
                [
                    name, Figures.grouped(row.records), Figures.grouped(row.dataDeleted),
                    row.accountCount.map(Figures.grouped) ?? "-",
                ]
                    + [
                        row.records == 0 ? nil : row.ages.least, row.ages.quantile(0.5), row.ages.quantile(0.99),
                        row.records == 0 ? nil : row.ages.most,
                    ]
                    .map { $0.map { Figures.duration(.seconds($0)) } ?? "-" }
            }
        let widths = head.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        return cells.map { row in
            row.enumerated().map { column, cell in
                column == 0
                    ? cell.padding(widths[0]) : String(repeating: " ", count: widths[column] - cell.count) + cell
            }.joined(separator: "  ")
        }
    }
}

extension String {
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
