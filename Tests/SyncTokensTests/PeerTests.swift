import Foundation
import SyncTokens
import TestSupport
import Testing

@Suite struct PeerTests {
    /// A signed request and everything that Python needs to check it.
    struct Case: Encodable {
        struct Claims: Encodable {
            let uid: Int64
            let node: String
            let fxaUid: String
            let fxaKid: String
            let salt: String
            let expires: Double
        }

        let secret: String
        let claims: Claims
        let now: Double
        let method: String
        let url: String
        let authorization: String
        let hawkKey: String
        let tamper: Int
    }

    struct Verdict: Decodable {
        let checked: Int
        let failures: [String]
    }

    @Test func `tokenlib and hawkauthlib accept what we sign, and nothing that was altered`() {
        withSeed { random in
            let cases = try (0..<300).map { _ in try Self.randomCase(&random) }
            let encoder = JSONEncoder()
            encoder.keyEncodingStrategy = .convertToSnakeCase
            let file = FileManager.default.temporaryDirectory.appending(path: "hawk-cases-\(UUID().uuidString).json")
            defer { try? FileManager.default.removeItem(at: file) }
            try encoder.encode(cases).write(to: file)

            let checked = try Tool.run(Tool.python(), [Fixture.url("check_headers.py").path, file.path])
            try #require(checked.code == 0, "\(checked.text)")
            let output = Data(checked.text.utf8)
            let verdict = try JSONDecoder().decode(Verdict.self, from: output)
            #expect(verdict.checked == 300, "\(random)")
            #expect(verdict.failures == [], "\(random)")
        }
    }

    private static func randomCase(_ random: inout SeededGenerator) throws -> Case {
        let (text, secret) = try random.secret()
        let service = try ServiceURL(randomNode(&random))
        let claims = random.claims(node: service.text)
        let token = SyncToken.make(claims, secret: secret)
        let endpoint = service.endpoint(uid: claims.uid)
        let method = random.pick(["DELETE", "GET", "PUT"])
        let header = try HawkHeader.sign(
            HawkRequest(method: method, path: endpoint.path, host: service.host, port: service.port),
            id: token.text,
            key: token.hawkKey,
            timestamp: random.int64(0...4_000_000_000),
            nonce: random.chance(1, in: 2) ? HawkHeader.randomNonce(using: &random) : random.word(count: 2...30),
            ext: random.chance(1, in: 5) ? random.word(count: 1...20) : nil,
            payloadHash: random.chance(1, in: 5)
                ? Base64.encode(random.bytes(count: 32...32), alphabet: .standard) : nil
        )
        return Case(
            secret: text,
            claims: Case.Claims(
                uid: claims.uid,
                node: claims.node,
                fxaUid: claims.fxaUID,
                fxaKid: claims.fxaKID,
                salt: claims.salt,
                expires: claims.expires
            ),
            now: claims.expires.nextDown,
            method: method,
            url: endpoint.url,
            authorization: header.authorization,
            hawkKey: token.hawkKey,
            tamper: Int.random(in: 0..<40, using: &random)
        )
    }

    /// A node's URL of any kind but an IPv6 address without a port, whose last group hawkauthlib takes for the port.
    private static func randomNode(_ random: inout SeededGenerator) -> String {
        let scheme = random.pick(["http", "https"])
        let path = random.pick(["", "", "/", "/base", "/a/b/", "/with%20blank", "/~x;y=1,2/", "/%C3%A9", "/@me:1"])
        if random.chance(1, in: 10) { return "\(scheme)://[2001:DB8::\(random.int64(1...9))]:8443\(path)" }
        let host = random.pick([
            "127.0.0.1", "localhost", "Node-1.Example", "\(random.word(count: 1...20)).example.org",
        ])
        let port = random.pick(["", "", ":80", ":443", ":8000", ":65535", ":\(random.int64(1...65535))"])
        return "\(scheme)://\(host)\(port)\(path)"
    }
}
