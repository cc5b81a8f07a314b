import Journals

/// The checked form of the command `audit`: what is asked, of which files. Keys were read.
struct AuditSettings {
    enum Question {
        case summary
        case uids(Set<Int64>)
        case verify(keys: [AuditPublicKey], head: String?)
        /// The file that the key goes into; nil for standard output.
        case newKey(file: String?)
        case showKey(AuditKey)
    }

    let question: Question
    let files: [String]

    init(_ command: AuditCommand) throws(UsageError) {
        let verification = command.verification
        try Self.onlyOne([
            ("--uid", !command.uids.isEmpty), ("--verify", verification.verify), ("--new-key", verification.newKey),
            ("--show-key", verification.showKey != nil),
        ])
        files = command.files
        if verification.newKey {
            if files.count > 1 {
                throw UsageError(
                    problem: "--new-key names more than one file",
                    remedy: "name the one that is to be made"
                )
            }
            question = .newKey(file: files.first)
            return
        }
        if let file = verification.showKey {
            question = .showKey(try AuditKeys.signing("--show-key", file))
            return
        }
        if files.isEmpty {
            throw UsageError(problem: "audit needs at least one file", remedy: "name the audit log's files")
        }
        if verification.verify {
            var keys: [AuditPublicKey] = []
            for file in verification.publicKey { keys.append(try AuditKeys.verifying(file)) }
            question = .verify(keys: keys, head: try verification.head.map(Self.head))
            return
        }
        if !verification.publicKey.isEmpty || verification.head != nil {
            throw UsageError(
                problem: "\(verification.head == nil ? "--public-key" : "--head") has no use without --verify",
                remedy: "add --verify, or leave it out"
            )
        }
        var uids: Set<Int64> = []
        for text in command.uids { uids.insert(try Number.whole("--uid", text)) }
        question = uids.isEmpty ? .summary : .uids(uids)
    }

    private static func onlyOne(_ questions: [(String, Bool)]) throws(UsageError) {
        let asked = questions.filter(\.1).map(\.0)
        guard asked.count > 1 else { return }
        throw UsageError(
            problem: "\(asked[0]) and \(asked[1]) ask for two things at once",
            remedy: "ask one after the other"
        )
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
}
