import Foundation
import Journals
import Purging
import Testing

@Suite("A certificate")
struct CertificateTests {
    private func withCertificate(_ body: (Certificate, AuditKey) async throws -> Void) async throws {
        try await withTemporaryFolder { folder async throws in
            let path = folder.appending(path: "audit.log").path
            let key = AuditKey()
            for first in [Int64(1), 20, 40, 60] {
                try await AuditLog.process(path, "run\(first)", key, uids: first...(first + 12))
            }
            let trust = try #require(ChainTrust(keys: [key.publicKey]))
            let maker = try CertificateMaker(
                paths: [path],
                trust: trust,
                subject: .init(uids: [5, 25, 26, 72]),
                version: "1"
            )
            try await body(try maker.make().certificate, key)
        }
    }

    @Test("proves each of its lines, and holds without the log")
    func proofs() async throws {
        try await withCertificate { certificate, key async throws in
            #expect(certificate.provesAll && certificate.deletions.map(\.uid) == [5, 25, 26, 72])
            let read = try #require(Certificate(json: try certificate.json))
            let check = CertificateCheck(read, keys: [key.publicKey])
            #expect(check.problems.isEmpty && check.provedLines == 8, "\(check.problems)")
            #expect(!CertificateCheck(read, keys: [AuditKey().publicKey]).problems.isEmpty)
        }
    }

    @Test("doesn't hold with any of its facts changed, each taken for itself")
    func alterations() async throws {
        try await withCertificate { certificate, key async throws in
            let json = try certificate.json
            // What is its maker's word, and is said to be so, is no fact.
            let words = ["made_at", "made_by", "file", "line_number", "cannot_prove", "findings", "log"]
            var tried = 0
            for match in json.matches(of: /"([a-z_]+)":("[^"\\]*"|[0-9.]+|\[[0-9.]+\])/)
            where !words.contains(String(match.1)) {
                let value = String(match.2)
                let other =
                    value.hasPrefix("\"") ? "\"x\(value.dropFirst())" : value.hasPrefix("[") ? "[7]" : "7\(value)"
                let altered = json.replacingCharacters(in: match.2.startIndex..<match.2.endIndex, with: other)
                tried += 1
                guard let read = Certificate(json: altered) else { continue }
                let check = CertificateCheck(read, keys: [key.publicKey])
                #expect(!check.problems.isEmpty, "\(match.1): \(value) -> \(other)")
            }
            #expect(tried > 60)
        }
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<Index>, with text: String) -> String {
        var copy = self
        copy.replaceSubrange(range, with: text)
        return copy
    }
}
