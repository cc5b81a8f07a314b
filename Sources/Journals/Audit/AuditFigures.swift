import Foundation
import Purging
import Support

/// The figures of a period from audit logs: how much was deleted, how old it was by then, and what missed the age objective.
///
/// Memory grows with the accounts in the period, eight bytes each, and with the records that were held or failed.
package struct AuditFigures: Sendable {
    /// A node's records, or all.
    package struct Row: Sendable {
        package fileprivate(set) var records = 0
        package fileprivate(set) var dataDeleted = 0
        package fileprivate(set) var ages = AgeDistribution()
        /// Deleted later than the objective asks for, by what their last attempt before had come to.
        package fileprivate(set) var missed: [String: Int] = [:]
        private var accounts: Set<UInt64> = []

        package var missedTotal: Int { missed.values.reduce(0, +) }
        /// Nil where the log doesn't name them.
        package var accountCount: Int? { accounts.isEmpty ? nil : accounts.count }

        fileprivate mutating func note(account: String?) {
            if let number = account.flatMap({ UInt64($0.prefix(16), radix: 16) }) { accounts.insert(number) }
        }
    }

    /// Whose data it was.
    package struct Place: Sendable, Hashable {
        package let node: Int64
        /// Nil where no request was sent.
        package let storage: String?
    }

    /// The reason of records that were never tried before.
    package static let firstTry = "not_tried_before"

    package private(set) var total = Row()
    package private(set) var byPlace: [Place: Row] = [:]
    /// Outcomes of records that stayed, by reason.
    package private(set) var kept: [String: Int] = [:]
    package private(set) var unreadable = 0

    /// What is known of a record that was tried and stayed.
    private struct Attempt {
        let replacedAt: Int64
        let reason: String
    }

    /// - Parameters:
    ///   - since: what is earlier doesn't count; RFC 3339 in UTC, or the beginning of it. Nil for no bound.
    ///   - until: neither does what is as late or later.
    ///   - objective: how old a record may be when it is deleted.
    /// - Throws: ``AuditReadError``
    package init(_ reader: AuditReader, since: String?, until: String?, objective: Duration?) throws {
        let limit = objective.map { $0.components.seconds * 1000 }
        var attempts: [Int64: Attempt] = [:]
        var (total, byPlace, kept) = (Row(), [Place: Row](), [String: Int]())
        unreadable = try reader.forEach { line in
            guard line.event == .outcome else { return }
            let isInside = (since.map { line.time >= $0 } ?? true) && (until.map { line.time < $0 } ?? true)
            let before = attempts.removeValue(forKey: line.uid)
            // A deferral moves `replaced_at`: the first one counts.
            let replacedAt = min(before?.replacedAt ?? .max, line.replacedAt)
            guard line.record == AuditOutcome.RecordFate.deleted.rawValue else {
                let isLeft = line.record == AuditOutcome.RecordFate.kept.rawValue
                let reason = line.reason ?? "unknown"
                if isLeft { attempts[line.uid] = Attempt(replacedAt: replacedAt, reason: reason) }
                if isLeft, isInside { kept[reason, default: 0] += 1 }
                return
            }
            guard isInside, let ended = Self.milliseconds(line.time) else { return }
            func count(_ row: inout Row) {
                row.records += 1
                if line.data == AuditOutcome.DataFate.deleted.rawValue { row.dataDeleted += 1 }
                row.note(account: line.account)
                let (difference, overflows) = ended.subtractingReportingOverflow(replacedAt)
                let age = overflows ? .max : max(0, difference)
                row.ages.add(seconds: age / 1000)
                if let limit, age > limit {
                    row.missed[before?.reason ?? Self.firstTry, default: 0] += 1
                }
            }
            count(&total)
            count(&byPlace[Place(node: line.nodeID, storage: line.target), default: Row()])
        }
        (self.total, self.byPlace, self.kept) = (total, byPlace, kept)
    }

    /// From `2026-11-27T21:11:29.250915Z`, to the second.
    private static func milliseconds(_ text: String) -> Int64? {
        let parts = text.utf8.prefix(19).split { !(48...57).contains($0) }.compactMap {
            Int32(String(decoding: $0, as: UTF8.self))
        }
        guard parts.count == 6 else { return nil }
        var calendar = tm()
        (calendar.tm_year, calendar.tm_mon, calendar.tm_mday) = (parts[0] - 1900, parts[1] - 1, parts[2])
        (calendar.tm_hour, calendar.tm_min, calendar.tm_sec) = (parts[3], parts[4], parts[5])
        return Int64(timegm(&calendar)) * 1000
    }
}

/// How old records were, to one part in a hundred; the youngest and the oldest exactly. Memory doesn't grow with them.
package struct AgeDistribution: Sendable {
    private static let growth = 1.02

    package private(set) var count = 0
    package private(set) var least: Int64 = .max
    package private(set) var most: Int64 = 0
    private var buckets: [Int: Int] = [:]

    mutating func add(seconds: Int64) {
        count += 1
        least = min(least, seconds)
        most = max(most, seconds)
        buckets[seconds < 1 ? 0 : Int((log(Double(seconds)) / log(Self.growth)).rounded(.down)) + 1, default: 0] += 1
    }

    /// The age that such a share of them doesn't exceed, in seconds; nil for none.
    package func quantile(_ share: Double) -> Int64? {
        if count == 0 { return nil }
        var rest = max(1, Int((Double(count) * share).rounded(.up)))
        for (bucket, size) in buckets.sorted(by: { $0.key < $1.key }) {
            rest -= size
            if rest > 0 { continue }
            // The middle of the bucket.
            let middle = bucket == 0 ? 0 : Int64(pow(Self.growth, Double(bucket) - 0.5).rounded())
            return min(max(middle, least), most)
        }
        return most
    }
}
