import Foundation
import Journals
import Purging
import Support

extension Certificate {
    var isOfAlteredLog: Bool { log == "altered" }

    /// Whether each deletion was confirmed, and the log is whole.
    var provesAll: Bool {
        log == "as_written" && !deletions.isEmpty && confirmed.count == subjects.count && unknownUIDs.isEmpty
    }

    /// Those that were asked for, and that no line is about.
    var unknownUIDs: [Int64] { (subject.uids ?? []).filter { uid in !deletions.contains { $0.uid == uid } } }

    /// The last word about each record.
    var subjects: [Deletion] {
        var last: [Int64: Int] = [:]
        for (index, deletion) in deletions.enumerated() { last[deletion.uid] = index }
        return last.values.sorted().map { deletions[$0] }
    }

    var confirmed: [Deletion] { subjects.filter(\.isProved) }
}

/// A certificate as a page of text, for a reader who doesn't know the program.
struct CertificateText {
    let certificate: Certificate

    var text: String {
        var lines = ["CERTIFICATE OF DELETION", ""]
        lines += field("About", about)
        lines += field("Made", "\(certificate.madeAt) by \(certificate.madeBy)")
        lines += field("Result", result)
        lines += field("The log", log)
        for (index, deletion) in certificate.deletions.enumerated() {
            lines += ["", "\(index + 1). \(title(deletion))"] + body(deletion)
        }
        if !certificate.heads.isEmpty {
            lines += ["", "HEADS OF THE LOG", ""]
            for (index, head) in certificate.heads.enumerated() {
                lines += wrapped(self.head(head), first: "\(index + 1). ", rest: "   ")
            }
            let check =
                "The same certificate in JSON (--json) has these lines and the way from each line of evidence to its head; audit --check-certificate checks it without the log."
            lines += [""] + wrapped(check, first: "", rest: "")
        }
        lines += ["", "WHAT THIS CERTIFICATE CAN'T PROVE", ""]
        for limit in certificate.cannotProve { lines += wrapped(limit, first: "- ", rest: "  ") }
        return lines.joined(separator: "\n")
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

    private var result: String {
        if certificate.deletions.isEmpty { return "The log says nothing of this." }
        let unknown = certificate.unknownUIDs.map(String.init).joined(separator: ", ")
        return confirmed + (unknown.isEmpty ? "" : " The log says nothing of uid \(unknown).")
    }

    private var confirmed: String {
        let (all, done) = (certificate.subjects.count, certificate.confirmed.count)
        if all == done {
            return
                "The data of \(all == 1 ? "the record" : "all \(Figures.counted(all, "record"))") was deleted, as stated below."
        }
        return
            "The data of \(Figures.grouped(done)) of \(Figures.counted(all, "record")) was deleted; of the others see below."
    }

    private var log: String {
        var text =
            certificate.log == "as_written"
            ? "is as it was written: no line was changed, added or removed"
            : "is not complete, or not all of it is sealed"
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
            let proof = evidence.proof.map { "proved under head \($0.head + 1) below" } ?? "without a proof of its own"
            lines += field("Evidence", "line \(evidence.lineNumber) of \(evidence.file), \(proof)")
        }
        return lines
    }

    private func data(_ deletion: Certificate.Deletion) -> String {
        let at = deletion.endedAt.map { " at \($0)" } ?? ""
        let status = deletion.status.map { " with status \($0)" } ?? ""
        switch AuditOutcome.DataFate(rawValue: deletion.data) {
        case .deleted: return "deleted: its node confirmed it\(at)\(status)"
        case .notOwn: return "none of its own: its node is gone, or an active record has the data"
        case .unaddressable: return "stays where it is, as it can't be addressed"
        case .kept: return "not deleted\(status)" + (deletion.reason.map { ", because of \($0)" } ?? "")
        case .unknown, nil: return "not confirmed: a request may have been carried out\(status)"
        }
    }

    private func record(_ deletion: Certificate.Deletion) -> String {
        switch AuditOutcome.RecordFate(rawValue: deletion.record) {
        case .deleted: "deleted from the database" + (deletion.endedAt.map { " at \($0)" } ?? "")
        case .gone: "was already gone from the database"
        case .changed: "had changed, and was left as it is"
        case .kept: "stays in the database for a later run"
        case .unknown, nil: "not known: its deletion was not confirmed"
        }
    }

    private func receipt(_ seconds: Double) -> String {
        if seconds == 0 { return "never: nothing was stored" }
        return WallTime(sinceEpoch: .milliseconds(Int64(seconds * 1000))).rfc3339Seconds
    }

    private func field(_ name: String, _ text: String) -> [String] {
        wrapped(
            text,
            first: "   " + name + String(repeating: " ", count: max(1, 16 - name.count)),
            rest: String(repeating: " ", count: 19)
        )
    }

    /// Lines of 96 characters at most, where words allow it.
    private func wrapped(_ text: String, first: String, rest: String) -> [String] {
        var lines = [first]
        for (index, word) in text.split(separator: " ").enumerated() {
            if index > 0, lines[lines.count - 1].count + word.count >= 96 {
                lines.append(rest + word)
            } else {
                lines[lines.count - 1] += (index == 0 ? "" : " ") + word
            }
        }
        return lines
    }
}
