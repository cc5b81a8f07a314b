import SyncTokens
import Testing

@Suite struct SyncTokenTests {
    @Test func `Whatever the claims and the secret, a token verifies and gives them back`() {
        withSeed { random in
            for _ in 0..<300 {
                let secret = try random.secret().secret
                let claims = random.claims()
                let token = SyncToken.make(claims, secret: secret)
                let verified = try SyncToken.verify(token.text, secret: secret, now: claims.expires.nextDown)
                #expect(verified.claims.node.utf8.elementsEqual(claims.node.utf8), "\(random)")
                #expect(verified.claims == claims, "\(random)")
                #expect(verified.token == token, "\(random)")
            }
        }
    }

    @Test func `Any single flipped character of a token spoils it`() {
        withSeed { random in
            let (_, secret) = try random.secret()
            let claims = random.claims()
            let token = SyncToken.make(claims, secret: secret)
            for _ in 0..<500 {
                let text = random.flipped(token.text)
                let error = #expect(throws: SyncTokenError.self, "\(random)") {
                    try SyncToken.verify(text, secret: secret, now: claims.expires.nextDown)
                }
                #expect(error != .expired, "\(random)")
            }
        }
    }

    @Test func `Another secret's token is refused`() {
        withSeed { random in
            for _ in 0..<100 {
                let claims = random.claims()
                let (text, secret) = try random.secret()
                let token = SyncToken.make(claims, secret: try MasterSecret(text + "x"))
                #expect(throws: SyncTokenError.signature, "\(random)") {
                    try SyncToken.verify(token.text, secret: secret, now: 0)
                }
            }
        }
    }

    @Test(arguments: [
        "", "AAAA", "eyJ1aWQiOiAxfQ==", "====", String(repeating: "A", count: 43), "\u{e9}\u{e9}\u{e9}\u{e9}",
    ])
    func `A text too short or not in base64 is malformed`(text: String) throws {
        let secret = try MasterSecret("SECRET")
        #expect(throws: SyncTokenError.malformed) { try SyncToken.verify(text, secret: secret, now: 0) }
    }

    @Test(arguments: [
        // Signed with SECRET by tokenlib: no expires, no salt, no node, a uid that is a text, a list, not even UTF-8.
        "eyJ1aWQiOiAxLCAibm9kZSI6ICJuIiwgImZ4YV91aWQiOiAidSIsICJmeGFfa2lkIjogImsiLCAic2FsdCI6ICJhYW"
            + "FhYWEifYXkLbQSlDV97QgE25K0jHzVujdp63VX015LoiNnPQS2",
        "eyJ1aWQiOiAxLCAibm9kZSI6ICJuIiwgImZ4YV91aWQiOiAidSIsICJmeGFfa2lkIjogImsiLCAiZXhwaXJlcyI6ID"
            + "IwMDAwMDAwMDAuMH2QCv5byWRDPlGLPnIW9LllMtJsZNU0lhD121WlMlLJdw==",
        "eyJ1aWQiOiAxLCAiZnhhX3VpZCI6ICJ1IiwgImZ4YV9raWQiOiAiayIsICJzYWx0IjogImFhYWFhYSIsICJleHBpcm"
            + "VzIjogMjAwMDAwMDAwMC4wfR6lwES_qB7yI9Qzt_GRBJvstO2bSAI-ll1_biYEkwhZ",
        "eyJ1aWQiOiAiMSIsICJub2RlIjogIm4iLCAiZnhhX3VpZCI6ICJ1IiwgImZ4YV9raWQiOiAiayIsICJzYWx0IjogIm"
            + "FhYWFhYSIsICJleHBpcmVzIjogMjAwMDAwMDAwMC4wfUaFVVp7rjSKf3NR159_33sqDTWR5lx2hOFIsxWfrGzV",
        "WzFd2rG1oXd9Zh0hDL5K7UAY2MnFuRJFk_SRvBBZyq8VX5s=",
        "_xvZt110v6rxtXYsBU9j7VGx4fCL-_bE7AAWD4bo6GBC",
    ])
    func `A signed token whose claims don't serve is malformed while it lasts`(text: String) throws {
        let secret = try MasterSecret("SECRET")
        #expect(throws: SyncTokenError.malformed) { try SyncToken.verify(text, secret: secret, now: 1_000_000_000) }
    }

    @Test(
        arguments: [
            (1.0, "1.0"), (0, "0.0"), (-0.0, "-0.0"), (0.1, "0.1"), (1_893_456_000.25, "1893456000.25"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"), (1.5e-7, "1.5e-07"), (123_456_789_012_345_680, "1.2345678901234568e+17"),
            (1e16, "1e+16"),
            (9_007_199_254_740_991, "9007199254740991.0"), (9_007_199_254_740_992, "9007199254740992.0"),
            (9_007_199_254_740_994, "9007199254740994.0"), (9_999_999_999_999_998, "9999999999999998.0"),
            (-9_999_999_999_999_998, "-9999999999999998.0"), (1e22, "1e+22"), (1e300, "1e+300"),
            (.infinity, "Infinity"), (-.infinity, "-Infinity"), (.nan, "NaN"),
        ] as [(Double, String)]
    )
    func `A moment is printed as Python prints it`(expires: Double, text: String) throws {
        let claims = TokenClaims(uid: 1, node: "", fxaUID: "", fxaKID: "", salt: "", expires: expires)
        #expect(try payload(of: claims).hasSuffix("\"expires\": \(text)}"))
    }

    @Test func `What isn't printable ASCII is escaped as Python escapes it`() throws {
        let node = "\u{0}\u{8}\t\n\u{b}\u{c}\r\u{1f} \"/\\~\u{7f}\u{80}é\u{2028}\u{ffff}😀"
        let claims = TokenClaims(uid: -1, node: node, fxaUID: "", fxaKID: "", salt: "", expires: 1)
        let escaped =
            #"\u0000\b\t\n\u000b\f\r\u001f \"/\\~\u007f\u0080\u00e9\u2028\uffff\ud83d\ude00"#
        let expected =
            #"{"uid": -1, "node": ""# + escaped + #"", "fxa_uid": "", "fxa_kid": "", "salt": "", "expires": 1.0}"#
        #expect(try payload(of: claims) == expected)
    }

    @Test func `A salt is six hex digits`() {
        withSeed { random in
            var salts: Set<String> = []
            for _ in 0..<1000 {
                let salt = TokenClaims.randomSalt(using: &random)
                #expect(salt.count == 6 && salt.allSatisfy { "0123456789abcdef".contains($0) }, "\(random)")
                salts.insert(salt)
            }
            #expect(salts.count > 990, "\(random)")
        }
    }

    private func payload(of claims: TokenClaims) throws -> String {
        let token = SyncToken.make(claims, secret: try MasterSecret("s"))
        let bytes = try #require(Base64.decode(token.text, alphabet: .urlSafe))
        return String(decoding: bytes.dropLast(32), as: UTF8.self)
    }
}
