import Journals
import Purging

/// The database is older than what was already done with it.
struct RestoredDatabase: Error, CustomStringConvertible {
    let evidence: String

    var description: String {
        """
        the database is older than the audit log, as after a restore from a backup: \(evidence). What its users have done since \
        is not in it, so data that is in use again could be deleted. Nothing was sent. `purge-old-records audit --against-database \
        URL --plan FILE` names what stands there again, and plans to purge it first; for the rest let users log in for some \
        days. Go on with --accept-restored
        """
    }
}

extension PurgeProgram {
    /// So many of the last deletions are looked for.
    private static let most = 1000

    /// Looks whether what the audit log says was deleted is there again.
    ///
    /// - Throws: ``RestoredDatabase``
    func checkNotRestored(_ store: any RecordStore) async throws {
        guard let log = settings.auditLog, !log.acceptsRestored else { return }
        let tail = try AuditTail(path: log.path)
        let last = tail.deleted.suffix(Self.most)
        if last.isEmpty { return }
        let standings = try await store.standings(Set(last.map(\.uid)).sorted())
        let back = last.filter { record in
            standings[record.uid].map { $0.node == record.node && $0.replacedAt == record.replacedAt } ?? false
        }
        guard let first = back.first else { return }
        throw RestoredDatabase(
            evidence: back.count == 1
                ? "the record with uid \(first.uid) was deleted, and is there again"
                : "\(back.count) records that were deleted are there again, such as that with uid \(first.uid)"
        )
    }
}
