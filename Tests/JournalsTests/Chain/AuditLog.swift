import Crypto
import Foundation
import Journals
import Purging

/// A log that real code wrote, as lines to change.
struct AuditLog {
    var lines: [String]

    var text: String { lines.map { $0 + "\n" }.joined() }

    /// Three runs of two processes: one has two runs, one was killed in the middle of a line; rotated once.
    static func write(to path: String, key: AuditKey?) async throws -> AuditLog {
        try await process(path, "first", key, uids: 1...9)
        try await process(path, "second", key, uids: 10...14)
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("{\"event\":\"outcome\",\"time\":\"2026".utf8))
        try handle.close()
        try await process(path, "third", key, uids: 20...27)
        return try AuditLog(path)
    }

    /// A process with one run: an intent for each uid, and an outcome for each, with a head behind both.
    @discardableResult
    static func process(
        _ path: String,
        _ run: String,
        _ key: AuditKey?,
        uids: ClosedRange<Int64>
    ) async throws -> AuditHead? {
        let file = try AuditFile(path: path, run: run, version: "1", key: key)
        let intents = uids.map { OpenIntentTests.intent($0) }
        try await file.append(intents.map(AuditEntry.intended), isDurable: true)
        try await file.append(intents.map { .ended(AuditFileTests.outcome(of: $0)) }, isDurable: false)
        return try await file.seal()
    }

    init(lines: [String]) { self.lines = lines }

    init(_ path: String) throws {
        lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// What somebody does who knows the format and has no key: makes the chain fit again from a line on.
    mutating func forge(from start: Int, key: Curve25519.Signing.PrivateKey?) {
        for index in max(start, 1)..<max(lines.count, start) {
            let before = SHA256.hash(data: Data(lines[index - 1].utf8)).map { String(format: "%02x", $0) }.joined()
            var line = lines[index]
            if let range = line.firstRange(of: /"prev":"[0-9a-f]{64}"/) {
                line.replaceSubrange(range, with: "\"prev\":\"\(before)\"")
            }
            if let number = lines[index - 1].firstMatch(of: /"seq":([0-9]+)/).flatMap({ Int($0.1) }),
                let range = line.firstRange(of: /"seq":[0-9]+/)
            {
                line.replaceSubrange(range, with: "\"seq\":\(number + 1)")
            }
            if line.hasPrefix("{\"event\":\"head\""), let end = line.firstRange(of: /,"key":|,"digest":/) {
                var body = String(line[..<end.lowerBound])
                if let key {
                    let name = key.publicKey.rawRepresentation.map { String(format: "%02x", $0) }.joined()
                    body += ",\"key\":\"\(name)\""
                    let signature = (try? key.signature(for: Data(body.utf8))) ?? Data()
                    body += ",\"signature\":\"\(signature.map { String(format: "%02x", $0) }.joined())\"}"
                } else {
                    let digest = SHA256.hash(data: Data(body.utf8)).map { String(format: "%02x", $0) }.joined()
                    body += ",\"digest\":\"\(digest)\"}"
                }
                line = body
            }
            lines[index] = line
        }
    }
}

func verify(
    _ paths: [String],
    _ keys: [AuditPublicKey] = [],
    head: String? = nil,
    first: Int64? = nil
) throws -> ChainReport {
    guard let trust = ChainTrust(keys: keys, head: head, first: first) else { throw CocoaError(.coderInvalidValue) }
    return try ChainVerifier(paths: paths, trust: trust).verify()
}
