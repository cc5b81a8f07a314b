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
        case verify
        /// The file that the key goes into; nil for standard output.
        case newKey(file: String?)
        case showKey(AuditKey)
        /// - Parameter names: ``AuditPseudonyms/check`` of the key that the account's name is from, if it was given.
        case certificate(Certificate.Subject, names: String?)
        case checkCertificate(Certificate)
        case figures(AuditPeriod)
        case restored(RecordSettings, plan: PlanFileWriter?)
    }

    /// As a purge has it by default: the life of a token, and five minutes.
    static let writeMargin = Duration.seconds(3900)

    let question: Question
    let files: [String]
    let publicKeys: [AuditPublicKey]
    let trust: ChainTrust
    let isJSON: Bool

    init(_ command: AuditCommand, environment: [String: String]) throws(UsageError) {
        var command = command
        try Self.separateFiles(&command)
        let asked = try AuditQuestions(command).only()
        let (verification, certificates) = (command.verification, command.certificates)
        files = command.files
        isJSON = command.json
        var keys: [AuditPublicKey] = []
        for file in verification.publicKey { keys.append(try AuditKeys.verifying(file)) }
        publicKeys = keys
        trust = try Self.trust(verification, keys)
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
            question = .checkCertificate(try Self.certificate(certificates.checkCertificate ?? ""))
        case "--verify": question = .verify
        case "--certificate", "--account", "--email":
            let (subject, names) = try Self.subject(certificates)
            question = .certificate(subject, names: names)
        case "--since", "--until", "--by-node", "--age-slo":
            question = .figures(try AuditPeriod(command.period))
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
            var known: Set<String> = []
            for file in files where !known.insert(FileRoles.canonical(file)).inserted {
                throw UsageError(problem: "\(file) is named twice", remedy: "name each file once")
            }
        }
    }

    /// `--certificate 5 6 audit.log` takes all words up to the next option: those that are no numbers are files.
    private static func separateFiles(_ command: inout AuditCommand) throws(UsageError) {
        let words = command.certificates.certificate
        let uids = words.prefix { Int64($0) != nil }
        let files = words[uids.endIndex...]
        if words.isEmpty { return }
        if uids.isEmpty || files.contains(where: { !FileManager.default.fileExists(atPath: $0) }) {
            throw UsageError(
                problem: "the value of --certificate is neither a uid nor a file",
                remedy: "give whole numbers, and then the log's files, such as --certificate 5 6 audit.jsonl"
            )
        }
        command.certificates.certificate = Array(uids)
        command.files = files + command.files
    }

    private static func trust(
        _ options: VerificationOptions,
        _ keys: [AuditPublicKey]
    ) throws(UsageError) -> ChainTrust {
        let first = try options.first.map { text throws(UsageError) in
            try Number.whole("--first", text, in: 1...Int64.max)
        }
        guard let trust = ChainTrust(keys: keys, head: options.head, first: first) else {
            throw UsageError(
                problem: "the value of --head is no head of an audit log",
                remedy: "give what a run's log or result has as audit_head: a number, a colon and 64 digits"
            )
        }
        return trust
    }

    private static func subject(
        _ options: CertificateOptions
    ) throws(UsageError) -> (subject: Certificate.Subject, names: String?) {
        if let account = options.account {
            guard Hash256(hexadecimal: Array(account.utf8)) != nil else {
                throw UsageError(
                    problem: "the value of --account is no name of an account",
                    remedy: "give the 64 digits that the log has as account, or --email with --audit-pseudonym-key"
                )
            }
            return (Certificate.Subject(account: account), nil)
        }
        if let email = options.email {
            guard let file = options.auditPseudonymKey else {
                throw UsageError(
                    problem: "--email needs the key that names accounts in the log",
                    remedy: "give --audit-pseudonym-key, as the purge has it"
                )
            }
            let text = email == "-" ? try TextFile.read("--email", "-", holding: "e-mail") : email
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), !text.contains(where: \.isWhitespace) else {
                throw UsageError(
                    problem: "the value of --email is no e-mail as Tokenserver has it",
                    remedy: "give what users.email has, such as 5f6a…@api.accounts.firefox.com"
                )
            }
            let pseudonyms = try AuditKeys.pseudonyms(file)
            return (Certificate.Subject(account: pseudonyms.name(AccountEmail(text))), pseudonyms.check)
        }
        var uids: Set<Int64> = []
        for text in options.certificate { uids.insert(try Number.whole("--certificate", text)) }
        return (Certificate.Subject(uids: uids.sorted()), nil)
    }

    private static func certificate(_ path: String) throws(UsageError) -> Certificate {
        let text = try TextFile.read("--check-certificate", path, holding: "certificate", longest: 64 << 20)
        guard let certificate = Certificate(json: text) else {
            throw UsageError(
                problem: "\(path) is no certificate in JSON, or has members that none has",
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
        if path.isEmpty || FileManager.default.fileExists(atPath: path) {
            throw UsageError(
                problem: path.isEmpty
                    ? "--plan names no file" : "--plan \(path) is there already, and a plan replaces nothing",
                remedy: "name another file, or remove it"
            )
        }
        // The purge that carries it out has the same by default.
        let writer = PlanFileWriter(
            path: path,
            database: records.connector.name,
            options: TargetOptions.dictionary(command.records, records, writeMargin: Self.writeMargin)
        )
        return .restored(records, plan: writer)
    }
}
