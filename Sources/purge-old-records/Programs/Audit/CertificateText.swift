import Foundation
import Journals
import Purging
import Support

extension Certificate {
    var isOfWholeLog: Bool { log == "as_written" }
    var isOfAlteredLog: Bool { log == "altered" || log == "foreign" }
}

/// A certificate as a page of text, for a reader who doesn't know the program. Times are in UTC.
struct CertificateText {
    let certificate: Certificate

    var text: String {
        let isCertain =
            certificate.provesAll && certificate.isOfWholeLog && certificate.records.allSatisfy(\.isDataDeleted)
        var lines = [isCertain ? "CERTIFICATE OF DELETION" : "STATEMENT FROM THE AUDIT LOG", ""]
        lines += field("About", about)
        lines += field("Made", "\(certificate.madeAt) (all times are in UTC) by \(certificate.madeBy)")
        lines += field("Result", result)
        lines += field("The log", log)
        for (index, deletion) in certificate.deletions.enumerated() {
            lines += ["", "\(index + 1). \(title(deletion))"] + body(deletion)
        }
        if !certificate.heads.isEmpty {
            lines += ["", "HEADS OF THE LOG", ""]
            for (index, head) in certificate.heads.enumerated() {
                lines += TextLines.wrapped(self.head(head), first: "\(index + 1). ", rest: "   ")
            }
            lines.append("")
            lines += TextLines.wrapped(
                "The same certificate in JSON (--json) has these lines and the way from each line of evidence to its head;"
                    + " audit --check-certificate checks it without the log."
            )
        }
        lines += ["", "WHAT THIS CAN'T PROVE", ""]
        for limit in certificate.cannotProve { lines += TextLines.wrapped(limit, first: "- ", rest: "  ") }
        return lines.joined(separator: "\n")
    }

    /// What became of all of it, in a sentence or two.
    var result: String {
        let records = certificate.records
        let (deleted, without) = (records.count(where: \.isDataDeleted), records.count(where: \.hasNoData))
        let left = records.count - deleted - without
        var parts: [String] = []
        if records.count == 1 {
            parts.append(
                deleted == 1
                    ? "The data of the record was deleted."
                    : without == 1
                        ? "The record had no data of its own to delete."
                        : "The data of the record was not deleted, or that is not confirmed."
            )
        } else {
            let all = Figures.counted(records.count, "record")
            parts.append(
                deleted == records.count
                    ? "The data of all \(all) was deleted."
                    : "The data of \(Figures.grouped(deleted)) of \(all) was deleted."
            )
            if without > 0 {
                parts.append("\(Figures.counted(without, "record")) had none of \(without == 1 ? "its" : "their") own.")
            }
            if left > 0 {
                parts.append("Of \(Figures.counted(left, "record")) it was not deleted, or that is not confirmed.")
            }
        }
        let unknown = certificate.unknownUIDs.map(String.init).joined(separator: ", ")
        if !unknown.isEmpty { parts.append("The log says nothing of uid \(unknown).") }
        if !certificate.deletions.allSatisfy(\.isProved) {
            parts.append("So say lines of which not all are proved: nobody stands for those.")
        }
        return parts.joined(separator: " ")
    }

    private func head(_ line: String) -> String {
        guard case .head(let head) = ChainLine(json: line) else { return line }
        let signer = head.key.map { "signed with key \($0)" } ?? "not signed"
        return
            "Sealed at \(head.time) by run \(head.run): \(Figures.counted(head.size, "line")) with the root \(head.root), \(signer)"
    }

    private var about: String {
        if let account = certificate.subject.account { return "the account named \(account)" }
        let uids = certificate.subject.uids ?? []
        return
            "\(uids.count == 1 ? "the record" : "the records") with uid \(uids.map(String.init).joined(separator: ", "))"
    }

    private var log: String {
        var text =
            "fits together, line by line"
            + (certificate.log == "as_written" ? "" : ", but is not complete, or not all of it is sealed")
        if !certificate.findings.isEmpty { text += " (\(certificate.findings.joined(separator: "; ")))" }
        return text + "."
    }

    private func title(_ deletion: Certificate.Deletion) -> String {
        let place =
            deletion.storage.map { "data on \($0)" } ?? "a record without a request to a node (\(deletion.kind))"
        return "Record \(deletion.uid): \(place)"
    }

    private func body(_ deletion: Certificate.Deletion) -> [String] {
        var lines = field("Obsolete since", deletion.replacedAt)
        if let time = deletion.intendedAt { lines += field("Begun", time) }
        lines += field("Data", data(deletion))
        if let receipts = deletion.receipts, !receipts.isEmpty {
            lines += field("Last written", receipts.map(receipt).joined(separator: ", "))
        }
        lines += field("Record", record(deletion))
        lines += field(
            "Run",
            deletion.run + (deletion.version.map { " of version \($0)" } ?? "")
                + (deletion.closedBy.map { "; closed by run \($0), as it had died" } ?? "")
        )
        for evidence in deletion.evidence {
            let name = evidence.line.hasPrefix("{\"event\":\"intent\"") ? "Its intent" : "Its outcome"
            let proof = evidence.proof.map { "proved under head \($0.head + 1) below" } ?? "without a proof of its own"
            lines += field(name, "line \(evidence.lineNumber) of \(evidence.file), \(proof)")
        }
        return lines
    }

    private func data(_ deletion: Certificate.Deletion) -> String {
        let status = deletion.status.map { " with status \($0)" } ?? ""
        switch AuditOutcome.DataFate(rawValue: deletion.data) {
        case .deleted: return "deleted: its node confirmed it\(status)\(between(deletion))"
        case .notOwn where deletion.kind == DeletionKind.nodeless.rawValue:
            return "none was asked for: the record's node is gone"
        case .notOwn: return "none of its own: it is an active record's, and stays"
        case .unaddressable: return "stays where it is, as it can't be addressed"
        case .kept: return "not deleted\(status)" + (deletion.reason.map { " (\($0))" } ?? "")
        case .unknown, nil: return "not confirmed: a request may have been carried out\(status)"
        }
    }

    /// The log has the times of its lines, not of each answer.
    private func between(_ deletion: Certificate.Deletion) -> String {
        guard let ended = deletion.endedAt else { return "" }
        return deletion.intendedAt.map { ", between \($0) and \(ended)" } ?? ", before \(ended)"
    }

    private func record(_ deletion: Certificate.Deletion) -> String {
        switch AuditOutcome.RecordFate(rawValue: deletion.record) {
        case .deleted: "deleted from the database" + (deletion.endedAt.map { " by \($0)" } ?? "")
        case .gone: "was already gone from the database"
        case .changed: "had changed, and was left as it is"
        case .kept: "stays in the database for a later run"
        case .unknown, nil: "not known: its deletion was not confirmed"
        }
    }

    private func receipt(_ seconds: Double) -> String {
        if seconds == 0 { return "never: nothing was stored" }
        guard (0...1e11).contains(seconds) else { return "\(seconds) s after 1970" }
        return WallTime(sinceEpoch: .milliseconds(Int64(seconds * 1000))).rfc3339Seconds
    }

    private func field(_ name: String, _ text: String) -> [String] {
        let margin = String(repeating: " ", count: 19)
        return TextLines.wrapped(
            text,
            first: "   \(name)".padding(toLength: 19, withPad: " ", startingAt: 0),
            rest: margin
        )
    }
}
