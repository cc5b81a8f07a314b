import Foundation
import Purging
import Support

/// Makes a ``Certificate`` from audit logs in one reading, which verifies them as well. Memory grows with what is asked
/// for, not with the logs.
package struct CertificateMaker {
    private let verifier: ChainVerifier
    private let subject: Certificate.Subject
    private let trust: ChainTrust
    private let version: String
    /// Which key names the account, if that is known.
    private let names: String?

    /// - Parameters:
    ///   - names: ``AuditPseudonyms/check`` of the key that the account's name is from, if there is one.
    ///   - version: of the program that makes it.
    /// - Throws: ``AuditReadError``
    package init(
        paths: [String],
        trust: ChainTrust,
        subject: Certificate.Subject,
        names: String? = nil,
        version: String
    ) throws {
        verifier = try ChainVerifier(paths: paths, trust: trust)
        (self.subject, self.trust, self.names, self.version) = (subject, trust, names, version)
    }

    /// - Returns: the certificate, and how many lines it could not look at, as they name no account, or name it with another
    ///   key.
    /// - Throws: ``AuditReadError``
    package func make() throws -> (certificate: Certificate, nameless: Int) {
        var found = FoundLines(subject: subject, names: names)
        let report = try verifier.verify { found.take($0) }
        let certificate = Certificate(
            made: (WallTime.now().rfc3339Seconds, "purge-old-records \(version)"),
            subject: subject,
            report: report,
            deletions: found.deletions,
            heads: found.heads,
            cannotProve: limits(found, report)
        )
        return (certificate, found.nameless)
    }

    private func limits(_ found: FoundLines, _ report: ChainReport) -> [String] {
        var limits = [
            "That a storage node deleted the data is the node's word: its answer to a signed request.",
            "It is about obsolete records: those that were replaced, or whose account was deleted. Whether the account has a record"
                + " in use, with data, it doesn't say.",
            "Copies that the storage's operator keeps elsewhere (backups, replicas, logs of the database) are not touched by"
                + " the request. On MySQL, rows of unfinished uploads can stay; on Spanner, off-loaded payloads are removed"
                + " later by a job and the bucket's retention.",
        ]
        if found.hasReceipts {
            limits.append(
                "When the data was last written is the node's word too. go-syncstorage answers with the moment of the"
                    + " deletion instead."
            )
        }
        if found.deletions.contains(where: { $0.kind == DeletionKind.nodeless.rawValue }) {
            limits.append(
                "Where a record's node was gone, no request could be sent: its data went, or stays, with the node."
            )
        }
        if found.deletions.contains(where: { $0.kind == DeletionKind.unaddressable.rawValue }) {
            limits.append("Data that can't be addressed any more stays where it is.")
        }
        if found.deletions.contains(where: { !$0.isProved }) {
            limits.append("Lines without a proof are under no head: nobody stands for them.")
        }
        if found.nameless > 0 {
            limits.append(
                "\(Figures.counted(found.nameless, "line")) of the files \(found.nameless == 1 ? "names" : "name") no account, or with another"
                    + " key. Whether they are about this one, it doesn't say."
            )
        }
        if report.chains.allSatisfy({ $0.keys.isEmpty }) {
            limits.append("The log isn't signed: whoever could write to it could have made all of it.")
        } else if trust.keys.isEmpty {
            limits.append("The signatures were not compared with a key that is trusted (--public-key).")
        }
        if !trust.wantsHead { limits.append("Whether later lines of the log were cut off was not checked (--head).") }
        return limits
    }
}

/// The lines about a subject, and the ways from them to heads.
private struct FoundLines {
    private let uids: Set<Int64>
    private let account: (name: String, bytes: [UInt8])?
    /// Which key names it.
    private let names: String?
    /// The runs that name accounts, and by which key.
    private var namesOf: [String: String] = [:]
    /// Lines that can't be told to be about the account.
    private(set) var nameless = 0

    private struct Place: Hashable {
        let run: String
        let uid: Int64
    }

    private struct Pair {
        var intent: Int?
        var outcome: Int?
    }

    private var lines: [AuditLine] = []
    private var evidence: [Certificate.Evidence] = []
    private var pairs: [Pair] = []
    /// The last pair of each run and uid.
    private var open: [Place: Int] = [:]
    private var versions: [String: String] = [:]

    /// The lines since the last head, or since a process began behind lines without one.
    private var paths = HashPathBuilder()
    /// Ours among them: a leaf's index, and its place in ``evidence``.
    private var wanted: [(leaf: Int, evidence: Int)] = []
    private var first: Int64 = 0
    private(set) var heads: [String] = []

    init(subject: Certificate.Subject, names: String?) {
        self.names = names
        uids = Set(subject.uids ?? [])
        account = subject.account.map { ($0, Array($0.utf8)) }
    }

    var hasReceipts: Bool { lines.contains { $0.receipts?.isEmpty == false } }

    var deletions: [Certificate.Deletion] {
        pairs.compactMap { pair in
            let run = (pair.outcome ?? pair.intent).map { lines[$0].run } ?? ""
            return Certificate.Deletion(
                intent: pair.intent.map { lines[$0] },
                outcome: pair.outcome.map { lines[$0] },
                version: versions[run],
                evidence: [pair.intent, pair.outcome].compactMap { $0 }.map { evidence[$0] }
            )
        }
    }

    mutating func take(_ visit: ChainVisit) {
        if visit.bytes.starts(with: HeadSeal.beginning) { return head(visit) }
        let begin = ChainFile.begin(visit.bytes)
        if let begin, visit.number != nil {
            versions[begin.run] = begin.version
            namesOf[begin.run] = begin.names
        }
        let place = begin == nil && isAbout(visit.bytes) ? note(visit) : nil
        guard let number = visit.number else { return }
        if begin != nil || paths.count == 0 {
            (paths, wanted, first) = (HashPathBuilder(), [], number)
        }
        if let place { wanted.append((paths.count, place)) }
        paths.add(Hash256(of: visit.bytes), isWanted: place != nil)
    }

    private static let named = Array("\"account\":\"".utf8)

    private mutating func isAbout(_ line: UnsafeRawBufferPointer) -> Bool {
        let head = AuditLineHead(line)
        guard let account else {
            let uid = head?.uid ?? AuditLine(json: String(decoding: line, as: UTF8.self))?.uid
            return uid.map(uids.contains) ?? false
        }
        // However it is spelled, the name's digits are in it.
        if RawLines.has(account.bytes, in: line) {
            return AuditLine(json: String(decoding: line, as: UTF8.self))?.account == account.name
        }
        if let head {
            let isNamed = RawLines.has(Self.named, in: line)
            let byOther = names != nil && namesOf[String(decoding: head.run, as: UTF8.self)] != names
            if !isNamed || byOther { nameless += 1 }
        } else if AuditLine(json: String(decoding: line, as: UTF8.self)) != nil {
            // Not as this program spells it.
            nameless += 1
        }
        return false
    }

    /// - Returns: where the line's evidence is.
    private mutating func note(_ visit: ChainVisit) -> Int? {
        let text = String(decoding: visit.bytes, as: UTF8.self)
        guard let line = AuditLine(json: text) else { return nil }
        let index = lines.count
        lines.append(line)
        evidence.append(Certificate.Evidence(line: text, file: visit.path, lineNumber: visit.line))
        let place = Place(run: line.run, uid: line.uid)
        switch line.event {
        case .intent:
            open[place] = pairs.count
            pairs.append(Pair(intent: index))
        case .outcome:
            if let pair = open.removeValue(forKey: place) {
                pairs[pair].outcome = index
            } else {
                pairs.append(Pair(outcome: index))
            }
        }
        return index
    }

    private mutating func head(_ visit: ChainVisit) {
        defer { (paths, wanted) = (HashPathBuilder(), []) }
        let text = String(decoding: visit.bytes, as: UTF8.self)
        guard visit.number != nil, !wanted.isEmpty, case .head(let head) = ChainLine(json: text), head.first == first,
            head.size == paths.count
        else { return }
        for (leaf, place) in wanted {
            guard let path = paths.path(of: leaf) else { continue }
            let proof = Certificate.Proof(head: heads.count, index: leaf, path: path.hashes.map(\.hexadecimal))
            evidence[place].prove(by: proof)
        }
        heads.append(text)
    }
}

extension Certificate.Evidence {
    fileprivate init(line: String, file: String, lineNumber: Int) {
        self.init(line: line, file: URL(filePath: file).lastPathComponent, lineNumber: lineNumber, proof: nil)
    }
}
