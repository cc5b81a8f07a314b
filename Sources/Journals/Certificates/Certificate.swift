import Foundation
import Purging
import Support
import Telemetry

/// What audit logs prove about one account's or some records' deletion. Its schema is docs/schema/certificate.schema.json.
package struct Certificate: Sendable, Codable {
    package static let format = "purge-old-records certificate 1"

    /// Whom it is about: a name by the keyed hash, or uids.
    package struct Subject: Sendable, Codable {
        package var account: String?
        package var uids: [Int64]?

        package init(account: String? = nil, uids: [Int64]? = nil) {
            self.account = account
            self.uids = uids
        }
    }

    /// What became of one record, and the evidence.
    package struct Deletion: Sendable, Codable {
        package let uid: Int64
        package let node: Int64
        package let replacedAt: String
        package let kind: String
        /// Where the data was.
        package let storage: String?
        package let intendedAt: String?
        package let endedAt: String?
        package let run: String
        package let version: String?
        package let data: String
        package let record: String
        package let reason: String?
        package let status: Int?
        /// When the data was last written before, by the node's word, one for each key; 0: nothing was stored.
        package let receipts: [Double]?
        package let closedBy: String?
        package fileprivate(set) var evidence: [Evidence]

        /// Whether its node confirmed that the data is gone.
        package var isDataDeleted: Bool { data == AuditOutcome.DataFate.deleted.rawValue }
        /// Whether it had no data of its own.
        package var hasNoData: Bool { data == AuditOutcome.DataFate.notOwn.rawValue }
        /// Whether a head stands for each of its lines. What a later run closed is proved only with the intent, which says what it
        /// was about.
        package var isProved: Bool {
            evidence.allSatisfy { $0.proof != nil } && (closedBy == nil || intendedAt != nil)
        }
    }

    /// A line of the log, and the way from it to a head.
    package struct Evidence: Sendable, Codable {
        package let line: String
        package let file: String
        package let lineNumber: Int
        /// Nil for a line under no head.
        package fileprivate(set) var proof: Proof?
    }

    /// RFC 9162, 2.1.3: the leaf's entry is the line's SHA-256.
    package struct Proof: Sendable, Codable {
        /// Of ``Certificate/heads``.
        package let head: Int
        package let index: Int
        package let path: [String]
    }

    package let format: String
    package let madeAt: String
    package let madeBy: String
    package let subject: Subject
    /// What a verification of the files found: `as_written`, `incomplete`, `foreign` or `altered`, and
    /// the findings.
    package let log: String
    package let findings: [String]
    package let deletions: [Deletion]
    /// The heads' lines that the proofs lead to.
    package let heads: [String]
    package let cannotProve: [String]

    /// As JSON on one line.
    package var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    /// Nil for anything else, and for one with members that a certificate doesn't have.
    package init?(json text: String) {
        let json = Data(text.utf8)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let certificate = try? decoder.decode(Certificate.self, from: json), certificate.format == Self.format,
            let given = try? JSONSerialization.jsonObject(with: json) as? NSDictionary,
            let known = try? JSONSerialization.jsonObject(with: Data(certificate.json.utf8)) as? NSDictionary,
            given == known
        else { return nil }
        self = certificate
    }

    init(
        made: (at: String, by: String),
        subject: Subject,
        report: ChainReport,
        deletions: [Deletion],
        heads: [String],
        cannotProve: [String]
    ) {
        format = Self.format
        (madeAt, madeBy) = made
        self.subject = subject
        log =
            switch report.weight {
            case .note: "as_written"
            case .incomplete: "incomplete"
            case .foreign: "foreign"
            case .altered: "altered"
            }
        findings = report.findings.map(\.text)
        self.deletions = deletions
        self.heads = heads
        self.cannotProve = cannotProve
    }
}

extension Certificate.Deletion {
    /// - Parameters:
    ///   - intent: nil if it is in none of the files.
    ///   - outcome: nil if nobody wrote one.
    init?(intent: AuditLine?, outcome: AuditLine?, version: String?, evidence: [Certificate.Evidence]) {
        guard let line = outcome ?? intent else { return nil }
        uid = line.uid
        node = line.nodeID
        replacedAt = WallTime(Timestamp(line.replacedAt)).rfc3339Seconds
        kind = line.kind
        storage = line.target
        intendedAt = intent?.time
        endedAt = outcome?.time
        run = line.run
        self.version = version
        data = outcome?.data ?? "unknown"
        record = outcome?.record ?? "unknown"
        reason = outcome?.reason
        status = outcome?.status
        receipts = outcome?.receipts
        closedBy = outcome?.closedBy
        self.evidence = evidence
    }
}

extension Certificate.Evidence {
    mutating func prove(by proof: Certificate.Proof) { self.proof = proof }
}

extension Certificate {
    /// The last word about each record.
    package var records: [Deletion] {
        var last: [Int64: Int] = [:]
        for (index, deletion) in deletions.enumerated() { last[deletion.uid] = index }
        return last.values.sorted().map { deletions[$0] }
    }

    /// Those that were asked for, and that no line is about.
    package var unknownUIDs: [Int64] { (subject.uids ?? []).filter { uid in !deletions.contains { $0.uid == uid } } }

    /// Whether the data of all records is gone, or was never their own, and each line is under a head.
    package var provesAll: Bool {
        !deletions.isEmpty && unknownUIDs.isEmpty && records.allSatisfy { $0.isDataDeleted || $0.hasNoData }
            && deletions.allSatisfy(\.isProved)
    }
}
