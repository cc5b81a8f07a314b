import Foundation
import Purging
import Support
import Telemetry

/// Tells whether a certificate's proofs lead from its lines to signed heads. The log itself isn't needed.
package struct CertificateCheck: Sendable {
    /// What doesn't hold.
    package private(set) var problems: [String] = []
    package private(set) var provedLines = 0
    package private(set) var unprovedLines = 0
    /// The keys that signed the heads.
    package private(set) var keys: Set<String> = []

    /// - Parameter keys: of these a head's signature has to be; empty for any, and none.
    package init(_ certificate: Certificate, keys trusted: [AuditPublicKey]) {
        let heads = certificate.heads.enumerated().map { index, line in head(line, index, Set(trusted)) }
        for deletion in certificate.deletions {
            if deletion.evidence.isEmpty { problems.append("uid \(deletion.uid): there is no line for it") }
            for evidence in deletion.evidence {
                check(evidence, of: deletion, heads)
            }
        }
    }

    private mutating func head(_ line: String, _ index: Int, _ trusted: Set<AuditPublicKey>) -> ChainHead? {
        guard case .head(let head) = ChainLine(json: line) else {
            problems.append("head \(index) is no line of an audit log")
            return nil
        }
        var line = line
        switch line.withUTF8({ HeadSeal.verdict(on: UnsafeRawBufferPointer($0)) }) {
        case .wrong: problems.append("head \(index) was altered")
        case .whole:
            if !trusted.isEmpty { problems.append("head \(index) isn't signed") }
        case .signed(let key):
            keys.insert(key.hexadecimal)
            if !trusted.isEmpty, !trusted.contains(key) {
                problems.append("head \(index) is signed with another key: \(key.hexadecimal)")
            }
        }
        return head
    }

    private mutating func check(
        _ evidence: Certificate.Evidence,
        of deletion: Certificate.Deletion,
        _ heads: [ChainHead?]
    ) {
        guard let line = AuditLine(json: evidence.line) else {
            return problems.append("uid \(deletion.uid): its evidence is no line of an audit log")
        }
        if !deletion.agrees(with: line) {
            problems.append("uid \(deletion.uid): what is said of it isn't what its line says")
        }
        guard let proof = evidence.proof else {
            unprovedLines += 1
            return
        }
        let path = proof.path.compactMap { Hash256(hexadecimal: Array($0.utf8)) }
        guard heads.indices.contains(proof.head), let head = heads[proof.head], path.count == proof.path.count,
            let root = HashPath(index: proof.index, hashes: path).root(of: Hash256(of: evidence.line), size: head.size),
            root.hexadecimal == head.root
        else {
            return problems.append("uid \(deletion.uid): the proof of a line doesn't lead to its head")
        }
        // The head says of which version its own run is.
        if head.run == deletion.run, head.version != deletion.version {
            problems.append("uid \(deletion.uid): its run was of version \(head.version)")
        }
        provedLines += 1
    }
}

extension Certificate.Deletion {
    fileprivate func agrees(with line: AuditLine) -> Bool {
        guard WallTime(Timestamp(line.replacedAt)).rfc3339Seconds == replacedAt, line.uid == uid, line.nodeID == node,
            line.run == run, line.kind == kind, line.target == storage
        else {
            return false
        }
        switch line.event {
        case .intent: return line.time == intendedAt
        case .outcome:
            return line.time == endedAt && line.data == data && line.record == record && line.reason == reason
                && line.status == status && line.receipts == receipts && line.closedBy == closedBy
        }
    }
}
