import ArgumentParser
import Databases
import Foundation
import Journals
import Purging
import TokenserverStore

/// The checked form of the command `audit`: what is asked, of which files. Keys were read.
struct AuditSettings {
    enum Question {
        case summary
        case uids(Set<Int64>)
        case verify(head: String?)
        /// The file that the key goes into; nil for standard output.
        case newKey(file: String?)
        case showKey(AuditKey)
        case certificate(CertificateSubject)
        case checkCertificate(Certificate)
        case figures(Period)
        case restored(RecordSettings, plan: PlanFileWriter?)
    }

    enum CertificateSubject {
        case uids(Set<Int64>)
        case account(String)
    }

    struct Period {
        /// RFC 3339 in UTC without its Z; nil for no bound.
        let since: String?
        let until: String?
        let isByNode: Bool
        let objective: Duration?
    }

    let question: Question
    let files: [String]
    let publicKeys: [AuditPublicKey]
    let isJSON: Bool

    init(_ command: AuditCommand, environment: [String: String]) throws(UsageError) {
        var command = command
        Self.separateFiles(&command)
        let asked = try Self.asked(command)
        let verification = command.verification
        files = command.files
        isJSON = command.json
        var keys: [AuditPublicKey] = []
        for file in verification.publicKey { keys.append(try AuditKeys.verifying(file)) }
        publicKeys = keys
        switch asked {
        case "--new-key":
            if files.count > 1 {
                throw UsageError(
                    problem: "--new-key names more than one file",
                    remedy: "name the one that is to be made"
                )
            }
            question = .newKey(file: files.first)
        case "--show-key":
            question = .showKey(try AuditKeys.signing("--show-key", verification.showKey ?? ""))
        case "--check-certificate":
            question = .checkCertificate(try Self.certificate(command.certificates.checkCertificate ?? ""))
        case "--verify":
            question = .verify(head: try verification.head.map { text throws(UsageError) in try Self.head(text) })
        case "--certificate":
            question = .certificate(try Self.subject(command.certificates))
        case "--since":
            question = .figures(try Period(command.period))
        case "--against-database":
            question = try Self.restored(command, environment)
        default:
            var uids: Set<Int64> = []
            for text in command.uids { uids.insert(try Number.whole("--uid", text)) }
            question = uids.isEmpty ? .summary : .uids(uids)
        }
        try checkFiles(asked)
    }

    private func checkFiles(_ asked: String) throws(UsageError) {
        switch question {
        case .newKey: return
        case .showKey, .checkCertificate:
            if let file = files.first {
                throw UsageError(problem: "\(asked) needs no other file, but \(file) is named", remedy: "leave it out")
            }
        default:
            if files.isEmpty {
                throw UsageError(problem: "audit needs at least one file", remedy: "name the audit log's files")
            }
        }
    }

    /// `--certificate 5 6 audit.log` takes all words up to the next option: those that are no numbers are files.
    private static func separateFiles(_ command: inout AuditCommand) {
        let words = command.certificates.certificate
        command.certificates.certificate = words.filter { Int64($0) != nil }
        command.files = words.filter { Int64($0) == nil } + command.files
    }

    /// The option that says what is asked; `--uid` where none does. Options that belong to another question are refused.
    private static func asked(_ command: AuditCommand) throws(UsageError) -> String {
        let (verification, certificates, period) = (command.verification, command.certificates, command.period)
        let isCertificate =
            !certificates.certificate.isEmpty || certificates.account != nil || certificates.email != nil
        let isPeriod = period.since != nil || period.until != nil || period.byNode || period.ageSLO != nil
        let questions = [
            ("--uid", !command.uids.isEmpty), ("--verify", verification.verify), ("--new-key", verification.newKey),
            ("--show-key", verification.showKey != nil), ("--certificate", isCertificate),
            ("--check-certificate", certificates.checkCertificate != nil), ("--since", isPeriod),
            ("--against-database", command.restore.againstDatabase != nil),
        ].filter(\.1).map(\.0)
        if questions.count > 1 {
            throw UsageError(
                problem: "\(questions[0]) and \(questions[1]) ask for two things at once",
                remedy: "ask one after the other"
            )
        }
        let asked = questions.first ?? "--uid"
        for (option, isGiven, belongsTo) in [
            ("--head", verification.head != nil, ["--verify"]),
            ("--public-key", !verification.publicKey.isEmpty, ["--verify", "--certificate", "--check-certificate"]),
            (
                "--audit-pseudonym-key", certificates.auditPseudonymKey != nil,
                certificates.email == nil ? ["--email"] : ["--certificate"]
            ),
            ("--plan", command.restore.plan != nil, ["--against-database"]),
            ("--json", command.json, ["--certificate", "--since", "--against-database"]),
        ] where isGiven && !belongsTo.contains(asked) {
            throw UsageError(
                problem: "\(option) has no use without \(belongsTo.joined(separator: " or "))",
                remedy: "add what it belongs to, or leave it out"
            )
        }
        return asked
    }

    private static func head(_ text: String) throws(UsageError) -> String {
        let hash = text.split(separator: ":", omittingEmptySubsequences: false).last ?? ""
        guard Hash256(hexadecimal: Array(hash.utf8)) != nil else {
            throw UsageError(
                problem: "the value of --head is no head of an audit log",
                remedy: "give what a run's log or result has as audit_head: a number, a colon and 64 digits"
            )
        }
        return String(hash)
    }

    private static func subject(_ options: CertificateOptions) throws(UsageError) -> CertificateSubject {
        let given = [!options.certificate.isEmpty, options.account != nil, options.email != nil].count { $0 }
        if given > 1 {
            throw UsageError(
                problem: "a certificate is about uids, an account or an e-mail, but more than one is given",
                remedy: "ask one after the other"
            )
        }
        if let account = options.account {
            guard Hash256(hexadecimal: Array(account.utf8)) != nil else {
                throw UsageError(
                    problem: "the value of --account is no name of an account",
                    remedy: "give the 64 digits that the log has as account, or --email with --audit-pseudonym-key"
                )
            }
            return .account(account)
        }
        if let email = options.email {
            guard let file = options.auditPseudonymKey else {
                throw UsageError(
                    problem: "--email needs the key that names accounts in the log",
                    remedy: "give --audit-pseudonym-key, as the purge has it"
                )
            }
            let text = email == "-" ? try TextFile.read("--email", "-", holding: "e-mail") : email
            return .account(try AuditKeys.pseudonyms(file).name(AccountEmail(text)))
        }
        var uids: Set<Int64> = []
        for text in options.certificate { uids.insert(try Number.whole("--certificate", text)) }
        return .uids(uids)
    }

    private static func certificate(_ path: String) throws(UsageError) -> Certificate {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw UsageError(
                problem: "--check-certificate \(path) can't be read",
                remedy: "check that the file is there and that this user may read it"
            )
        }
        guard let certificate = Certificate(json: String(decoding: data, as: UTF8.self)) else {
            throw UsageError(
                problem: "\(path) is no certificate in JSON",
                remedy: "make one with: purge-old-records audit --certificate UID --json FILE"
            )
        }
        return certificate
    }

    private static func restored(
        _ command: AuditCommand,
        _ environment: [String: String]
    ) throws(UsageError) -> Question {
        var records: RecordSettings
        do {
            let database = try DatabaseOptions.parse(["--database-url", command.restore.againstDatabase ?? ""])
            records = try RecordSettings(command.records, database, try LogOptions.parse([]), environment: environment)
        } catch let error as UsageError {
            throw UsageError(
                problem: error.problem.replacing("--database-url", with: "--against-database"),
                remedy: error.remedy.replacing("--database-url", with: "--against-database")
            )
        } catch {
            throw UsageError(problem: "the value of --against-database is no URL", remedy: "give the database's URL")
        }
        records.name(origin: "--against-database")
        guard let path = command.restore.plan else { return .restored(records, plan: nil) }
        if FileManager.default.fileExists(atPath: path) {
            throw UsageError(
                problem: "--plan \(path) is there already, and a plan replaces nothing",
                remedy: "name another file, or remove it"
            )
        }
        // The purge that carries it out has these by default; others are given to both.
        let writer = PlanFileWriter(
            path: path,
            database: records.connector.name,
            options: TargetOptions.dictionary(command.records, records, writeMargin: .seconds(3900))
        )
        return .restored(records, plan: writer)
    }
}

extension AuditSettings.Period {
    fileprivate init(_ options: PeriodOptions) throws(UsageError) {
        since = try options.since.map { text throws(UsageError) in try Self.moment("--since", text) }
        until = try options.until.map { text throws(UsageError) in try Self.moment("--until", text) }
        if let since, let until, since >= until {
            throw UsageError(problem: "--since isn't before --until", remedy: "give a beginning before the end")
        }
        isByNode = options.byNode
        objective = try options.ageSLO.map { text throws(UsageError) in try TimeText.duration("--age-slo", text) }
    }

    /// As the log spells it, in UTC, without its Z: so it can be compared as text.
    private static func moment(_ option: String, _ text: String) throws(UsageError) -> String {
        let day = Date.ISO8601FormatStyle(timeZone: .gmt).year().month().day()
        let date =
            (try? Date(text, strategy: .iso8601)) ?? (text.utf8.count == 10 ? try? Date(text, strategy: day) : nil)
        guard let date else {
            throw UsageError(
                problem: "the value of \(option) is no date",
                remedy: "give a day such as 2026-11-01, or a time such as 2026-11-01T06:00:00Z"
            )
        }
        return String(date.formatted(.iso8601).dropLast())
    }
}
