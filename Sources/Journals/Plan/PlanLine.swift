import Foundation
import Logging
import Purging
import Telemetry
import Support

/// A plan's first line: by what it was made, and so what it holds for.
package struct PlanHeader: Sendable, Equatable, Codable {
    static let format = "purge-old-records plan 1"

    package let format: String
    /// RFC 3339, UTC.
    package let made: String
    /// The database's name, without a password.
    package let database: String
    /// Milliseconds since 1970.
    package let cutoff: Int64
    /// Options that choose records and where their deletes go, as the command line has them.
    package let options: [String: String]

    init(made: String, database: String, cutoff: Int64, options: [String: String]) {
        format = Self.format
        self.made = made
        self.database = database
        self.cutoff = cutoff
        self.options = options
    }
}

/// A plan's last line. Without it a file is no plan.
struct PlanTrailer: Codable, Equatable {
    /// Lines between the first and the last.
    let records: Int
    /// How many of them by what is to be done.
    let actions: [String: Int]
    /// SHA-256 of all bytes before this line, in hex.
    let checksum: String
}

/// One record's line in a plan.
struct PlanLine: Decodable {
    let uid: Int64
    let nodeID: Int64
    let replacedAt: Int64
    let action: String
    let reason: String
    let target: String?
    let keys: Int?

    private enum CodingKeys: String, CodingKey {
        case uid, action, reason, target, keys
        case nodeID = "node_id"
        case replacedAt = "replaced_at"
    }

    init(_ record: PlannedRecord) {
        uid = record.uid.rawValue
        nodeID = record.node.rawValue
        replacedAt = record.replacedAt.rawValue
        action = record.verb.rawValue
        reason = record.reason
        target = record.target
        keys = record.keys
    }

    /// Nil for an unknown action.
    var record: PlannedRecord? {
        PlannedRecord.Verb(rawValue: action).map { verb in
            PlannedRecord(
                uid: UID(uid),
                node: NodeID(nodeID),
                replacedAt: Timestamp(replacedAt),
                verb: verb,
                reason: reason,
                target: target,
                keys: keys
            )
        }
    }

    var json: String {
        var members: [(key: String, value: Logger.MetadataValue)] = [
            ("uid", .stringConvertible(uid)), ("node_id", .stringConvertible(nodeID)),
            ("replaced_at", .stringConvertible(replacedAt)), ("action", .string(action)), ("reason", .string(reason)),
        ]
        if let target { members.append(("target", .string(target))) }
        if let keys { members.append(("keys", .stringConvertible(keys))) }
        var text = JSONText()
        text.append(members: members)
        return text.text
    }
}

extension Encodable {
    /// On one line, with its keys in order.
    var jsonLine: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }
}
