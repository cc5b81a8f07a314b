package import Purging

/// What audit logs say in all: counts, and the intents that have no outcome.
///
/// Memory grows with the intents that are open at one moment, and those that stay so, not with the log.
package struct AuditReport: Sendable {
    private struct Place: Hashable {
        let run: String
        let uid: Int64
    }

    package private(set) var intents = 0
    package private(set) var outcomes = 0
    /// Outcomes whose intent is in none of the files.
    package private(set) var strays = 0
    /// Outcomes that a later run wrote, by what became of the record.
    package private(set) var closedLater: [String: Int] = [:]
    package private(set) var byData: [String: Int] = [:]
    package private(set) var byRecord: [String: Int] = [:]
    package private(set) var byReason: [String: Int] = [:]
    package private(set) var first: String?
    package private(set) var last: String?
    package private(set) var unreadable = 0
    private var openIntents = OpenIntents<Place, AuditLine>()

    /// Lines about the uids that were asked for, in order.
    package private(set) var asked: [AuditLine] = []

    /// Whose outcome is not in the log: the program is at work on them, was killed, or could not write it. Oldest first.
    package var open: [AuditLine] { openIntents.all.sorted { ($0.time, $0.uid) < ($1.time, $1.uid) } }

    package init(_ reader: AuditReader, uids: Set<Int64> = []) throws {
        let unreadable = try reader.forEach { note($0, uids) }
        self.unreadable = unreadable
    }

    private mutating func note(_ line: AuditLine, _ uids: Set<Int64>) {
        first = first ?? line.time
        last = line.time
        if uids.contains(line.uid) { asked.append(line) }
        let place = Place(run: line.run, uid: line.uid)
        switch line.event {
        case .intent:
            intents += 1
            openIntents.begin(line, at: place)
        case .outcome:
            outcomes += 1
            if !openIntents.end(at: place) { strays += 1 }
            if line.closedBy != nil { closedLater[line.record ?? "?", default: 0] += 1 }
            if let data = line.data { byData[data, default: 0] += 1 }
            if let record = line.record { byRecord[record, default: 0] += 1 }
            if let reason = line.reason { byReason[reason, default: 0] += 1 }
        }
    }
}

/// What nodes last said about records that are still there, from audit logs: what the database alone can't tell.
///
/// Memory grows with the number of records that were held or failed.
package struct LastAnswers: Sendable {
    /// The reasons for which they were held or failed.
    private let byUID: [Int64: String]

    /// When the log's last line was written.
    package let asOf: String?

    package init(_ reader: AuditReader) throws {
        let known = Set(HoldReason.allCases.map(\.rawValue) + FailureReason.allCases.map(\.rawValue))
        var answers: [Int64: String] = [:]
        var last: String?
        _ = try reader.forEach { line in
            last = line.time
            guard line.event == .outcome else { return }
            if let reason = line.reason, known.contains(reason) {
                answers[line.uid] = reason
            } else if line.record != AuditOutcome.RecordFate.kept.rawValue {
                answers[line.uid] = nil
            }
        }
        byUID = answers
        asOf = last
    }

    /// The records whose last attempt failed: they may be deferred.
    package var failed: [UID] {
        byUID.filter { FailureReason(rawValue: $0.value) != nil }.keys.sorted().map { UID($0) }
    }

    package subscript(_ uid: UID) -> String? { byUID[uid.rawValue] }
}
