/// The checked form of the command `audit`.
struct AuditSettings {
    let files: [String]
    let uids: Set<Int64>

    init(_ command: AuditCommand) throws(UsageError) {
        if command.files.isEmpty {
            throw UsageError(problem: "audit needs at least one file", remedy: "name the audit log's files")
        }
        files = command.files
        var uids: Set<Int64> = []
        for text in command.uids { uids.insert(try Number.whole("--uid", text)) }
        self.uids = uids
    }
}
