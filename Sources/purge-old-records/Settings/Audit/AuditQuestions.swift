/// Which question the options of `audit` ask: one, with nothing that belongs to another.
struct AuditQuestions {
    private static let certificate = ["--certificate", "--account", "--email"]
    private static let figures = ["--since", "--until", "--by-node", "--age-slo"]

    /// For each question, the options that ask it, and whether they are given.
    private let given: [[(option: String, isGiven: Bool)]]
    /// Options that belong to some questions only.
    private let attachments: [(option: String, isGiven: Bool, questions: [String])]

    init(_ command: AuditCommand) {
        let (verification, certificates, period) = (command.verification, command.certificates, command.period)
        given = [
            [("--uid", !command.uids.isEmpty)], [("--verify", verification.verify)],
            [("--new-key", verification.newKey)], [("--show-key", verification.showKey != nil)],
            [("--certificate", !certificates.certificate.isEmpty)], [("--account", certificates.account != nil)],
            [("--email", certificates.email != nil)], [("--check-certificate", certificates.checkCertificate != nil)],
            [
                ("--since", period.since != nil), ("--until", period.until != nil), ("--by-node", period.byNode),
                ("--age-slo", period.ageSLO != nil),
            ],
            [("--against-database", command.restore.againstDatabase != nil)],
        ]
        attachments = [
            ("--head", verification.head != nil, ["--verify"] + Self.certificate),
            ("--first", verification.first != nil, ["--verify"] + Self.certificate),
            (
                "--public-key", !verification.publicKey.isEmpty,
                ["--verify", "--check-certificate", "--against-database"] + Self.certificate + Self.figures
            ),
            ("--audit-pseudonym-key", certificates.auditPseudonymKey != nil, ["--email"]),
            ("--plan", command.restore.plan != nil, ["--against-database"]),
            ("--json", command.json, ["--against-database"] + Self.certificate + Self.figures),
        ]
    }

    /// The option that asks the question; `--uid` where none does.
    func only() throws(UsageError) -> String {
        let asked = given.compactMap { question in question.first { $0.isGiven }?.option }
        if asked.count > 1 {
            throw UsageError(
                problem: "\(asked[0]) and \(asked[1]) ask for two things at once",
                remedy: "ask one after the other"
            )
        }
        let question = asked.first ?? "--uid"
        for (option, isGiven, questions) in attachments where isGiven && !questions.contains(question) {
            throw UsageError(
                problem: "\(option) has no use without \(questions.prefix(3).joined(separator: " or "))",
                remedy: "add what it belongs to, or leave it out"
            )
        }
        return question
    }
}
