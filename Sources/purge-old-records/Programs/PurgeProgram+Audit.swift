import Journals
import Logging
import Purging

extension PurgeProgram {
    /// What processes that died left open in the audit log is closed before anything is sent.
    func closeOpenIntents(_ journal: AuditFile, _ store: any RecordStore, _ logger: Logger) async throws {
        let closing = try await journal.closeOpenIntents { try await store.standings($0) }
        for path in closing.inUse {
            logger.debug(
                "Another process has this file of the audit log open, so this one closes no intents in it",
                metadata: ["file": .string(path)]
            )
        }
        if closing.count == 0 { return }
        logger.notice(
            "Closed what killed runs left open in the audit log, with what the database has of these records now",
            metadata: [
                "intents": .stringConvertible(closing.count),
                "records": .dictionary(
                    Dictionary(
                        uniqueKeysWithValues: closing.closed.map { ($0.key.rawValue, .stringConvertible($0.value)) }
                    )
                ),
            ]
        )
    }
}
