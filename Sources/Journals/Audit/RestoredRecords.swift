import Foundation
package import Purging

/// Which records stand in a database again although the audit logs say that they were deleted: what a restored backup
/// brings back. And what became of the records of intents without an outcome.
///
/// Memory grows with what is found, and with the intents that are open, not with the logs.
package struct RestoredRecords: Sendable {
    private static let batch = 1000

    package struct Record: Sendable, Equatable {
        package enum Standing: String, Sendable {
            /// Obsolete: a purge would delete it again.
            case obsolete
            /// Active: its user's data was deleted, and the user's later record isn't in the backup.
            case active
        }

        package let uid: Int64
        package let node: Int64
        /// RFC 3339, UTC.
        package let deletedAt: String
        package let run: String
        package let standing: Standing
    }

    /// In the order of their deletion, each once.
    package private(set) var records: [Record] = []
    /// Intents without an outcome by what the database has of their records: `gone` was committed after all.
    package private(set) var open: [AuditOutcome.RecordFate: Int] = [:]
    /// How many deletions were looked for.
    package private(set) var deletions = 0
    package private(set) var unreadable = 0

    private struct Place: Hashable {
        let run: String
        let uid: Int64
    }

    /// - Parameter standings: as ``BacklogSource/standings(_:)``.
    /// - Throws: ``AuditReadError``, and what `standings` throws.
    package init(
        _ reader: AuditReader,
        standings: @Sendable ([UID]) async throws -> [UID: RecordStanding]
    ) async throws {
        var intents = OpenIntents<Place, AuditLine>()
        var found: [Int64: Int] = [:]
        unreadable = try await reader.forEachBatch(Self.batch) { lines in
            for line in lines {
                let place = Place(run: line.run, uid: line.uid)
                switch line.event {
                case .intent: intents.begin(line, at: place)
                case .outcome: _ = intents.end(at: place)
                }
            }
            let deleted = lines.filter { $0.event == .outcome && $0.record == AuditOutcome.RecordFate.deleted.rawValue }
            if deleted.isEmpty { return }
            deletions += deleted.count
            let now = try await standings(Set(deleted.map { UID($0.uid) }).sorted())
            for line in deleted {
                guard let standing = now[UID(line.uid)], let what = line.standing(standing) else { continue }
                let record = Record(
                    uid: line.uid,
                    node: line.nodeID,
                    deletedAt: line.time,
                    run: line.run,
                    standing: what
                )
                if let place = found[line.uid] {
                    records[place] = record
                } else {
                    found[line.uid] = records.count
                    records.append(record)
                }
            }
        }
        let left = intents.all
        for start in stride(from: 0, to: left.count, by: Self.batch) {
            let some = left[start..<min(start + Self.batch, left.count)]
            let now = try await standings(Set(some.map { UID($0.uid) }).sorted())
            for line in some {
                guard let intent = AuditIntent(line) else { continue }
                open[AuditOutcome(closing: intent, found: now[intent.uid]).record, default: 0] += 1
            }
        }
    }

    package func uids(_ standing: Record.Standing) -> [UID] {
        records.filter { $0.standing == standing }.map { UID($0.uid) }
    }
}

extension AuditLine {
    /// Nil if it is another record, which was given the uid anew, or is on another node.
    fileprivate func standing(_ now: RecordStanding) -> RestoredRecords.Record.Standing? {
        guard now.node.rawValue == nodeID, now.createdAt.rawValue <= replacedAt else { return nil }
        return now.replacedAt == nil ? .active : .obsolete
    }
}
