import Foundation
import Journals
import Purging
import Support

/// The command `audit`: reads the files, prints what they say.
struct AuditProgram {
    let settings: AuditSettings

    /// - Returns: the exit code.
    func run() async -> Int32 {
        do {
            return try await answer()
        } catch is StandardOutput.Closed {
            return 1
        } catch {
            Logs.complain("purge-old-records: \(error)")
            return 1
        }
    }

    private func answer() async throws -> Int32 {
        switch settings.question {
        case .summary:
            let report = try AuditReport(try AuditReader(paths: settings.files))
            try show(AuditText(report: report).summary)
            return report.open.isEmpty && report.unreadable == 0 ? 0 : 3
        case .uids(let uids):
            let report = try AuditReport(try AuditReader(paths: settings.files), uids: uids)
            try show(AuditText(report: report).lines(about: uids))
            return uids.allSatisfy(report.isSettled) ? 0 : 3
        case .verify:
            let report = try ChainVerifier(paths: settings.files, trust: settings.trust).verify()
            let text = ChainText(report: report, trust: settings.trust)
            for line in text.lines { try StandardOutput.write(line: line) }
            try StandardOutput.flush()
            return report.exitCode
        case .newKey(let file):
            let key = AuditKey()
            if let file { try KeyFile.make(file, key.pem) }
            try show(String((file == nil ? key.pem : key.publicKey.pem).dropLast()))
            return 0
        case .showKey(let key):
            try show(String(key.publicKey.pem.dropLast()))
            return 0
        case .certificate(let subject, let names): return try certify(subject, names)
        case .checkCertificate(let certificate): return try check(certificate)
        case .figures(let period):
            if try isAltered() { return 65 }
            let figures = try AuditFigures(
                try AuditReader(paths: settings.files),
                since: period.since,
                until: period.until,
                objective: period.objective
            )
            let output = FiguresOutput(figures: figures, period: period)
            try show(settings.isJSON ? output.json : output.text)
            return figures.unreadable == 0 ? 0 : 3
        case .restored(let records, let plan): return try await compare(records, plan)
        }
    }

    /// Says so, if the log isn't what was written: nothing is told from such a one.
    func isAltered() throws -> Bool {
        let report = try ChainVerifier(paths: settings.files, trust: settings.trust).verify()
        guard report.exitCode == 65 else { return false }
        complainOfAlteration()
        return true
    }

    private func complainOfAlteration() {
        Logs.complain(
            "purge-old-records: the log was altered, or signed with another key, so nothing is told from it",
            "audit --verify tells where"
        )
    }

    private func certify(_ subject: Certificate.Subject, _ names: String?) throws -> Int32 {
        let (certificate, nameless) = try CertificateMaker(
            paths: settings.files,
            trust: settings.trust,
            subject: subject,
            names: names,
            version: ProgramVersion.text
        ).make()
        if certificate.isOfAlteredLog {
            complainOfAlteration()
            return 65
        }
        if certificate.deletions.isEmpty {
            let what = subject.account == nil ? "these uids" : "this account"
            var remedy = "see whether all files are named"
            if subject.account != nil { remedy += ", and whether e-mail and key are those of the log" }
            if nameless > 0 {
                remedy +=
                    "; \(Figures.counted(nameless, "line")) \(nameless == 1 ? "names" : "name") no account, or with another key"
            }
            Logs.complain("purge-old-records: no line of these files is about \(what)", remedy)
            return 3
        }
        try show(settings.isJSON ? try certificate.json : CertificateText(certificate: certificate).text)
        return certificate.provesAll && certificate.isOfWholeLog && nameless == 0 ? 0 : 3
    }

    private func check(_ certificate: Certificate) throws -> Int32 {
        let check = CertificateCheck(certificate, keys: settings.publicKeys)
        var lines = check.problems
        if check.problems.isEmpty {
            let heads = Figures.counted(certificate.heads.count, "head")
            lines.append(CertificateText(certificate: certificate).result)
            lines.append(
                "The proofs hold: \(Figures.counted(check.provedLines, "line")) under \(heads), \(signer(check))."
            )
            if check.unprovedLines > 0 {
                lines.append("\(Figures.counted(check.unprovedLines, "line")) without a proof.")
            }
            lines.append(
                "That this is all of it, what it says of the log's state, files and lines, of its making and of what it can't prove is its maker's word."
            )
        }
        try show(lines.joined(separator: "\n"))
        if !check.problems.isEmpty { return 65 }
        return certificate.provesAll ? 0 : 3
    }

    private func signer(_ check: CertificateCheck) -> String {
        if check.keys.isEmpty { return "not signed" }
        let keys = check.keys.sorted().joined(separator: ", ")
        return "signed with key \(keys)"
            + (settings.publicKeys.isEmpty ? ", which was compared with none that is trusted (--public-key)" : "")
    }

    private func show(_ text: String) throws {
        try StandardOutput.write(line: text)
        try StandardOutput.flush()
    }
}

extension AuditReport {
    /// Whether the last outcome says that the data is deleted, or was never the record's own.
    fileprivate func isSettled(_ uid: Int64) -> Bool {
        let fate = asked.last { $0.uid == uid && $0.event == .outcome }?.data
        return fate == AuditOutcome.DataFate.deleted.rawValue || fate == AuditOutcome.DataFate.notOwn.rawValue
    }
}

extension ChainReport {
    /// 65 is what `sysexits.h` has for data that is wrong.
    fileprivate var exitCode: Int32 {
        switch weight {
        case .note: 0
        case .incomplete: 3
        case .foreign, .altered: 65
        }
    }
}

/// A file for a private key: new, and for its owner alone.
private enum KeyFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    static func make(_ path: String, _ text: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let remedy = errno == EEXIST ? "; name a file that isn't there yet" : ""
            throw Failure(description: "\(path) can't be made: \(String(cString: strerror(errno)))\(remedy)")
        }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(text.utf8))
            try handle.synchronize()
        } catch {
            unlink(path)
            throw Failure(description: "\(path) can't be written: \(String(cString: strerror(errno)))")
        }
    }
}
