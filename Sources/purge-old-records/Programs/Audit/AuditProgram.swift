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
        case .verify(let head):
            let keys = settings.publicKeys
            let report = try ChainVerifier(paths: settings.files, keys: keys, head: head).verify()
            let text = ChainText(report: report, hasKeys: !keys.isEmpty, hasHead: head != nil)
            try show(text.lines.joined(separator: "\n"))
            return report.exitCode
        case .newKey(let file):
            let key = AuditKey()
            if let file { try KeyFile.make(file, key.pem) }
            try show(String((file == nil ? key.pem : key.publicKey.pem).dropLast()))
            return 0
        case .showKey(let key):
            try show(String(key.publicKey.pem.dropLast()))
            return 0
        case .certificate(let subject): return try certify(subject)
        case .checkCertificate(let certificate): return try check(certificate)
        case .figures(let period):
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

    private func certify(_ subject: AuditSettings.CertificateSubject) throws -> Int32 {
        let (files, keys) = (settings.files, settings.publicKeys)
        let maker =
            switch subject {
            case .uids(let uids):
                try CertificateMaker(paths: files, keys: keys, uids: uids, version: ProgramVersion.text)
            case .account(let name):
                try CertificateMaker(paths: files, keys: keys, account: name, version: ProgramVersion.text)
            }
        let certificate = try maker.make()
        if certificate.isOfAlteredLog {
            Logs.complain("purge-old-records: no certificate is made of a log that was altered; see audit --verify")
            return 65
        }
        try show(settings.isJSON ? try certificate.json : CertificateText(certificate: certificate).text)
        return certificate.provesAll ? 0 : 3
    }

    private func check(_ certificate: Certificate) throws -> Int32 {
        let check = CertificateCheck(certificate, keys: settings.publicKeys)
        var lines = check.problems
        if check.problems.isEmpty {
            lines.append(
                "The proofs hold: \(Figures.counted(check.provedLines, "line")) under \(certificate.heads.count == 1 ? "a head" : "heads") that \(signer(check))"
            )
            if check.unprovedLines > 0 {
                lines.append("\(Figures.counted(check.unprovedLines, "line")) without a proof")
            }
        }
        try show(lines.joined(separator: "\n"))
        if !check.problems.isEmpty { return 65 }
        return check.provedLines > 0 && check.unprovedLines == 0 ? 0 : 3
    }

    private func signer(_ check: CertificateCheck) -> String {
        if check.keys.isEmpty { return "nobody signed" }
        let keys = check.keys.sorted().joined(separator: ", ")
        return settings.publicKeys.isEmpty
            ? "key \(keys) signed; name the key that you trust with --public-key" : "key \(keys) signed"
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
        case .altered: 65
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
            throw Failure(
                description:
                    "\(path) can't be made: \(String(cString: strerror(errno))); name a file that isn't there yet"
            )
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
