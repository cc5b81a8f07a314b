import Foundation
import Logging
package import Purging
import Telemetry
import Support

/// One line of the audit log, as it is written and read. It holds no e-mail address, no key and no token.
package struct AuditLine: Sendable, Equatable, Decodable {
    package enum Event: String, Sendable, Decodable {
        case intent, outcome
    }

    package let event: Event
    /// RFC 3339, UTC.
    package let time: String
    package let run: String
    package let uid: Int64
    package let nodeID: Int64
    /// Milliseconds since 1970.
    package let replacedAt: Int64
    package let kind: String
    /// The account's name by a keyed hash, if there is a key for it.
    package var account: String?
    /// The URL of the storage that was asked; nil where only the record goes.
    package var target: String?
    package var keys: Int?
    package var unmodifiedSince: Int64?
    package var data: String?
    package var record: String?
    package var reason: String?
    /// When the hold ends by itself, if it does; RFC 3339, UTC.
    package var until: String?
    package var status: Int?
    package var receipts: [Double]?
    package var requests: Int?
    package var durationMilliseconds: Int?
    /// The run that closed the intent in place of its own, which died before.
    package var closedBy: String?

    private enum CodingKeys: String, CodingKey {
        case event, time, run, uid, kind, account, target, keys, data, record, reason, until, status, receipts, requests
        case nodeID = "node_id"
        case replacedAt = "replaced_at"
        case unmodifiedSince = "unmodified_since"
        case durationMilliseconds = "duration_ms"
        case closedBy = "closed_by"
    }

    package init(_ entry: AuditEntry, time: String, run: String, account: String? = nil) {
        let intent: AuditIntent
        switch entry {
        case .intended(let intended):
            event = .intent
            intent = intended
            keys = intended.target == nil ? nil : intended.keys
            unmodifiedSince = intended.unmodifiedSince?.rawValue
        case .ended(let outcome):
            event = .outcome
            intent = outcome.intent
            data = outcome.data.rawValue
            record = outcome.record.rawValue
            reason = outcome.reason
            until = outcome.until.map { WallTime($0).rfc3339 }
            status = outcome.exchange.status
            receipts = outcome.exchange.receipts.isEmpty ? nil : outcome.exchange.receipts
            requests = outcome.exchange.requests
            durationMilliseconds = Int(outcome.exchange.duration / .milliseconds(1))
        }
        self.time = time
        self.run = run
        self.account = account
        uid = intent.uid.rawValue
        nodeID = intent.node.rawValue
        replacedAt = intent.replacedAt.rawValue
        kind = intent.kind.rawValue
        target = intent.target
    }

    /// An outcome that another run writes for one that died; it matches the intent by that one's name.
    init(closing outcome: AuditOutcome, ofRun dead: String, account: String?, time: String, by run: String) {
        self.init(.ended(outcome), time: time, run: dead, account: account)
        // What was sent and how long it took is not known.
        (requests, durationMilliseconds) = (nil, nil)
        closedBy = run
    }

    /// Nil for what is no line of an audit log, such as one that was torn off.
    package init?(json: some StringProtocol) {
        guard let line = try? JSONDecoder().decode(AuditLine.self, from: Data(json.utf8)) else { return nil }
        self = line
    }

    package var json: String {
        var members: [(key: String, value: Logger.MetadataValue)] = [
            ("event", .string(event.rawValue)), ("time", .string(time)), ("run", .string(run)),
            ("uid", .stringConvertible(uid)), ("node_id", .stringConvertible(nodeID)),
            ("replaced_at", .stringConvertible(replacedAt)), ("kind", .string(kind)),
        ]
        func add(_ key: String, _ value: String?) {
            if let value { members.append((key, .string(value))) }
        }
        func add<Number: FixedWidthInteger & Sendable>(_ key: String, number: Number?) {
            if let number { members.append((key, .stringConvertible(number))) }
        }
        add("account", account)
        add("target", target)
        add("keys", number: keys)
        add("unmodified_since", number: unmodifiedSince)
        add("data", data)
        add("record", record)
        add("reason", reason)
        add("until", until)
        add("status", number: status)
        if let receipts { members.append(("receipts", .array(receipts.map { .stringConvertible($0) }))) }
        add("requests", number: requests)
        add("duration_ms", number: durationMilliseconds)
        add("closed_by", closedBy)
        var text = JSONText()
        text.append(members: members)
        return text.text
    }
}
