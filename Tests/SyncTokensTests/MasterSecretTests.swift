import SyncTokens
import Testing

@Suite struct MasterSecretTests {
    @Test func `An empty secret is refused`() {
        #expect(throws: MasterSecretError.empty) { try MasterSecret("") }
    }

    @Test func `No way of printing a secret shows it`() throws {
        let secret = try MasterSecret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        for text in ["\(secret)", String(reflecting: secret), dumped, "\([secret])", String(describing: secret as Any)]
        {
            #expect(text.contains("<redacted>"))
            #expect(!text.contains("hunter2"))
        }
        #expect(Mirror(reflecting: secret).children.map { "\($0.value)" } == ["<redacted>"])
    }

    @Test func `No way of printing a token shows it or its key`() {
        withSeed { random in
            let token = SyncToken.make(random.claims(), secret: try MasterSecret("hunter2"))
            var dumped = ""
            dump(token, to: &dumped)
            for text in ["\(token)", String(reflecting: token), dumped] {
                #expect(text.contains("<redacted>"), "\(random)")
                #expect(!text.contains(token.text) && !text.contains(token.hawkKey), "\(random)")
            }
        }
    }

    @Test func `White space in a secret counts`() throws {
        let claims = TokenClaims(uid: 1, node: "", fxaUID: "", fxaKID: "", salt: "a1b2c3", expires: 1)
        let tokens = try ["s", " s", "s ", "s\n"].map { SyncToken.make(claims, secret: try MasterSecret($0)).text }
        #expect(Set(tokens).count == 4)
    }
}
