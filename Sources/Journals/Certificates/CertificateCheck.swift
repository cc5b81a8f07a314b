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
            if !deletion.isSaid(byLines: deletion.evidence.compactMap { AuditLine(json: $0.line) }) {
                problems.append("uid \(deletion.uid): what is said of it isn't what its lines say")
            }
            if !certificate.subject.includes(deletion) {
                problems.append("uid \(deletion.uid): it isn't what the certificate is about")
            }
            for evidence in deletion.evidence { check(evidence, of: deletion, heads) }
            // A run's own heads say of which version it is.
            let proofs = deletion.evidence.compactMap(\.proof?.head).filter(heads.indices.contains).compactMap {
                heads[$0]
            }
            if deletion.isProved, !proofs.contains(where: { $0.run == deletion.run && $0.version == deletion.version })
            {
                problems.append("uid \(deletion.uid): no line shows of which version its run was")
            }
        }
    }

    private mutating func head(_ line: String, _ index: Int, _ trusted: Set<AuditPublicKey>) -> ChainHead? {
        guard case .head(let head) = ChainLine(json: line) else {
            problems.append("head \(index + 1) is no line of an audit log")
            return nil
        }
        var line = line
        switch line.withUTF8({ HeadSeal.verdict(on: UnsafeRawBufferPointer($0)) }) {
        case .wrong: problems.append("head \(index + 1) was altered")
        case .whole:
            if !trusted.isEmpty { problems.append("head \(index + 1) isn't signed") }
        case .signed(let key):
            keys.insert(key.hexadecimal)
            if !trusted.isEmpty, !trusted.contains(key) {
                problems.append("head \(index + 1) is signed with another key: \(key.hexadecimal)")
            }
        }
        return head
    }

    private mutating func check(
        _ evidence: Certificate.Evidence,
        of deletion: Certificate.Deletion,
        _ heads: [ChainHead?]
    ) {
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
        provedLines += 1
    }
}

extension Certificate.Subject {
    fileprivate func includes(_ deletion: Certificate.Deletion) -> Bool {
        if let uids { return account == nil && uids.contains(deletion.uid) }
        guard let account else { return false }
        return deletion.evidence.allSatisfy { AuditLine(json: $0.line)?.account == account }
    }
}

extension Certificate.Deletion {
    /// Whether the lines are an intent, an outcome, or both, and say just this.
    fileprivate func isSaid(byLines lines: [AuditLine]) -> Bool {
        let intent = lines.first { $0.event == .intent }
        let outcome = lines.last { $0.event == .outcome }
        guard lines.count == evidence.count, lines.count == [intent, outcome].compactMap({ $0 }).count,
            let said = Certificate.Deletion(intent: intent, outcome: outcome, version: version, evidence: evidence)
        else { return false }
        return said.facts == facts && lines.allSatisfy { $0.uid == uid && $0.run == run }
    }

    private var facts: [String?] {
        [
            "\(uid)", "\(node)", replacedAt, kind, storage, intendedAt, endedAt, run, data, record, reason,
            status.map { "\($0)" }, receipts.map { "\($0)" }, closedBy,
        ]
    }
}
