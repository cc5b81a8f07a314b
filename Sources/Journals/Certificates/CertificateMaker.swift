import Foundation
import Support

/// Makes a ``Certificate`` from audit logs in one reading, which verifies them as well. Memory grows with what is asked
/// for, not with the logs.
package struct CertificateMaker {
    private let verifier: ChainVerifier
    private let subject: Certificate.Subject
    private let version: String

    /// - Parameters:
    ///   - keys: as for ``ChainVerifier``.
    ///   - version: of the program that makes it.
    /// - Throws: ``AuditReadError``
    package init(paths: [String], keys: [AuditPublicKey], account: String, version: String) throws {
        try self.init(paths: paths, keys: keys, subject: Certificate.Subject(account: account), version: version)
    }

    package init(paths: [String], keys: [AuditPublicKey], uids: Set<Int64>, version: String) throws {
        try self.init(paths: paths, keys: keys, subject: Certificate.Subject(uids: uids.sorted()), version: version)
    }

    private init(paths: [String], keys: [AuditPublicKey], subject: Certificate.Subject, version: String) throws {
        verifier = try ChainVerifier(paths: paths, keys: keys, head: nil)
        self.subject = subject
        self.version = version
    }

    /// - Throws: ``AuditReadError``
    package func make() throws -> Certificate {
        var found = FoundLines(subject: subject)
        let report = try verifier.verify { found.take($0) }
        return Certificate(
            made: (WallTime.now().rfc3339Seconds, "purge-old-records \(version)"),
            subject: subject,
            report: report,
            deletions: found.deletions,
            heads: found.heads,
            cannotProve: Self.limits(found, report)
        )
    }

    private static func limits(_ found: FoundLines, _ report: ChainReport) -> [String] {
        var limits = [
            "That a storage node deleted the data is the node's word: its answer to a signed request.",
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
        if found.deletions.contains(where: { $0.kind == "nodeless" }) {
            limits.append(
                "Where a record's node was gone, no request could be sent: its data went, or stays, with the node."
            )
        }
        if found.deletions.contains(where: { $0.kind == "unaddressable" }) {
            limits.append("Data that can't be addressed any more stays where it is.")
        }
        if found.deletions.contains(where: { $0.evidence.contains { $0.proof == nil } }) {
            limits.append(
                "Lines without a proof were written before the log was sealed, or by a version without a chain."
            )
        }
        if report.chains.allSatisfy({ $0.keys.isEmpty }) {
            limits.append("The log isn't signed: whoever could write to it could have made all of it.")
        }
        return limits
    }
}

/// The lines about a subject, and the ways from them to heads.
private struct FoundLines {
    private let uids: Set<Int64>
    /// What a line about the account has in it.
    private let account: [UInt8]?

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

    /// A tree that a head may stand for: where it begins, and which lines of ours are in it.
    private struct Tree {
        let first: Int64
        var paths = HashPathBuilder()
        /// A leaf's index, and its place in ``evidence``.
        var wanted: [(leaf: Int, evidence: Int)] = []
    }

    private var trees: [Tree] = []
    private(set) var heads: [String] = []

    init(subject: Certificate.Subject) {
        uids = Set(subject.uids ?? [])
        account = subject.account.map { Array("\"account\":\"\($0)\"".utf8) }
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
        let isBegin = visit.bytes.starts(with: ChainBegin.beginning)
        if isBegin, case .begin(let begin) = ChainLine(json: String(decoding: visit.bytes, as: UTF8.self)) {
            versions[begin.run] = begin.version
        }
        let isWanted = !isBegin && isAbout(visit.bytes)
        let place = isWanted ? note(visit) : nil
        guard let number = visit.number else { return }
        if isBegin || trees.isEmpty { trees.append(Tree(first: number)) }
        let hash = Hash256(of: visit.bytes)
        for index in trees.indices {
            if let place { trees[index].wanted.append((trees[index].paths.count, place)) }
            trees[index].paths.add(hash, isWanted: place != nil)
        }
    }

    private func isAbout(_ line: UnsafeRawBufferPointer) -> Bool {
        if let account { return RawLines.has(account, in: line) }
        if let head = AuditLineHead(line) { return uids.contains(head.uid) }
        return AuditLine(json: String(decoding: line, as: UTF8.self)).map { uids.contains($0.uid) } ?? false
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
        let text = String(decoding: visit.bytes, as: UTF8.self)
        guard visit.number != nil, case .head(let head) = ChainLine(json: text) else { return }
        if let tree = trees.first(where: { $0.first == head.first && $0.paths.count == head.size }),
            !tree.wanted.isEmpty
        {
            for (leaf, place) in tree.wanted {
                guard let path = tree.paths.path(of: leaf) else { continue }
                evidence[place].prove(
                    by: Certificate.Proof(
                        head: heads.count,
                        index: leaf,
                        path: path.hashes.map(\.hexadecimal)
                    )
                )
            }
            heads.append(text)
        }
        trees = []
    }
}

extension Certificate.Evidence {
    fileprivate init(line: String, file: String, lineNumber: Int) {
        self.init(line: line, file: URL(filePath: file).lastPathComponent, lineNumber: lineNumber, proof: nil)
    }
}
