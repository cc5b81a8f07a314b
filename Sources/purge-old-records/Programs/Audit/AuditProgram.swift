import Foundation
import Journals
import Purging

/// The command `audit`: reads the files, prints what they say.
struct AuditProgram {
    let settings: AuditSettings

    /// - Returns: the exit code.
    func run() -> Int32 {
        do {
            return try answer()
        } catch is StandardOutput.Closed {
            return 1
        } catch {
            Logs.complain("purge-old-records: \(error)")
            return 1
        }
    }

    private func answer() throws -> Int32 {
        switch settings.question {
        case .summary:
            let report = try AuditReport(try AuditReader(paths: settings.files))
            try show(AuditText(report: report).summary)
            return report.open.isEmpty && report.unreadable == 0 ? 0 : 3
        case .uids(let uids):
            let report = try AuditReport(try AuditReader(paths: settings.files), uids: uids)
            try show(AuditText(report: report).lines(about: uids))
            return uids.allSatisfy(report.isSettled) ? 0 : 3
        case .verify(let keys, let head):
            let report = try ChainVerifier(paths: settings.files, keys: keys, head: head).verify()
            let text = ChainText(report: report, hasKeys: !keys.isEmpty, hasHead: head != nil)
            try show(text.lines.joined(separator: "\n"))
            return report.exitCode
        case .newKey(let file):
            let key = AuditKey()
            guard let file else {
                try show(String(key.pem.dropLast()))
                return 0
            }
            try KeyFile.make(file, key.pem)
            try show(String(key.publicKey.pem.dropLast()))
            return 0
        case .showKey(let key):
            try show(String(key.publicKey.pem.dropLast()))
            return 0
        }
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
