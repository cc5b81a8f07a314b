import Journals
import Monitoring
import Purging
import Support

/// What stands in a database again, for people and for programs.
struct RestoredOutput {
    let found: RestoredRecords
    let database: String
    /// What the plan would do; nil without one.
    let planned: RunSummary?

    private struct RecordDocument: Encodable {
        let uid: Int64
        let node: Int64
        let deletedAt: String
        let run: String
        let standing: String
    }

    private struct SummaryDocument: Encodable {
        let database: String
        let deletionsInLog: Int
        let obsoleteAgain: Int
        let activeAgain: Int
        let openIntents: [String: Int]
        let planned: Int?
        let unreadableLines: Int
    }

    /// One line for each record, and one with the counts.
    var json: [String] {
        found.records.map { record in
            let document = RecordDocument(
                uid: record.uid,
                node: record.node,
                deletedAt: record.deletedAt,
                run: record.run,
                standing: record.standing.rawValue
            )
            return JSONDocument.text(of: ["restored": document])
        } + [
            JSONDocument.text(of: [
                "summary": SummaryDocument(
                    database: database,
                    deletionsInLog: found.deletions,
                    obsoleteAgain: found.uids(.obsolete).count,
                    activeAgain: found.uids(.active).count,
                    openIntents: Dictionary(uniqueKeysWithValues: found.open.map { ($0.key.rawValue, $0.value) }),
                    planned: planned?.deletedTotal,
                    unreadableLines: found.unreadable
                )
            ])
        ]
    }

    var text: [String] {
        let (obsolete, active) = (found.uids(.obsolete).count, found.uids(.active).count)
        var lines = [
            "\(Figures.counted(found.deletions, "deletion")) in the log; of these records \(Figures.grouped(obsolete + active)) stand in \(database) again"
        ]
        if active > 0 {
            lines.append(
                "\(Figures.counted(active, "record")) of them \(active == 1 ? "is" : "are") active, as the backup is older than the replacement. The data is gone:"
            )
            lines.append("the users find an empty storage, and their devices upload what they have")
        }
        for (fate, count) in found.open.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            lines.append("intents without an outcome whose record is \(words(fate)): \(Figures.grouped(count))")
        }
        if found.unreadable > 0 { lines.append("lines that could not be read: \(Figures.grouped(found.unreadable))") }
        if let planned {
            let parts = [
                ("to purge again", planned.deletedTotal), ("held", planned.heldTotal),
                ("waiting", planned.waitingTotal), ("malformed", planned.failedTotal),
            ]
            let words = parts.filter { $0.1 > 0 }.map { "\(Figures.grouped($0.1)) \($0.0)" }.joined(separator: ", ")
            lines.append(
                "The plan has \(words). Carry it out with the options of your purge, and --plan FILE --accept-restored"
            )
        } else if obsolete > 0 {
            lines.append(
                "Purge them first: add --plan FILE and the options of your purge that choose records (--node-type and the like)"
            )
        }
        lines += found.records.prefix(AuditProgram.mostListed).map { record in
            "  uid \(record.uid), node \(record.node): deleted at \(record.deletedAt) by run \(record.run)"
                + (record.standing == .active ? ", active: its data is gone" : "")
        }
        let more = found.records.count - AuditProgram.mostListed
        if more > 0 { lines.append("  and \(Figures.grouped(more)) more, which --json names") }
        return lines
    }

    private func words(_ fate: AuditOutcome.RecordFate) -> String {
        switch fate {
        case .gone: "gone (deleted after all)"
        case .kept: "still to be purged"
        case .changed: "another one by now"
        case .deleted, .unknown: fate.rawValue
        }
    }
}
