import SyncTokens
import Testing

@Suite struct HawkHeaderTests {
    let request = HawkRequest(method: "DELETE", path: "/1.5/7", host: "node.example", port: 443)

    @Test func `A header parses to what was printed, and verifies`() {
        withSeed { random in
            for _ in 0..<300 {
                let request = HawkRequest(
                    method: random.pick(["DELETE", "get"]),
                    path: "/" + random.word(count: 0...20) + "?x=" + random.word(count: 0...5),
                    host: random.word(count: 1...20),
                    port: Int(random.int64(1...65535))
                )
                let key = random.unicode(count: 1...40)
                let header = try HawkHeader.sign(
                    request,
                    id: random.quotable(count: 1...400),
                    key: key,
                    timestamp: random.int64(0...(.max)),
                    nonce: random.quotable(count: 1...20),
                    ext: random.chance(1, in: 2) ? nil : random.quotable(count: 1...20),
                    payloadHash: random.chance(1, in: 2) ? nil : random.quotable(count: 1...44)
                )
                let parsed = try HawkHeader(parsing: header.authorization)
                #expect(parsed == header, "\(random)")
                #expect(parsed.authorization == header.authorization, "\(random)")
                #expect(parsed.verify(request, key: key), "\(random)")
            }
        }
    }

    @Test func `Any single flipped character of a header is noticed`() {
        withSeed { random in
            let secret = try MasterSecret("SECRET")
            let claims = random.claims(node: "https://node.example")
            let token = SyncToken.make(claims, secret: secret)
            let nonce = HawkHeader.randomNonce(using: &random)
            let header = try HawkHeader.sign(
                request,
                id: token.text,
                key: token.hawkKey,
                timestamp: 1_893_455_000,
                nonce: nonce
            )
            for _ in 0..<1000 {
                let text = random.flipped(header.authorization, from: "Hawk".count)
                #expect(!accepts(text, secret: secret, now: claims.expires.nextDown), "\(random): \(text)")
            }
            #expect(accepts(header.authorization, secret: secret, now: claims.expires.nextDown), "\(random)")
        }
    }

    @Test func `No other character at any place of a MAC will do`() throws {
        let header = try sign(request)
        let frame = header.authorization.split(separator: header.mac, omittingEmptySubsequences: false)
        let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_="
        for index in header.mac.indices {
            for digit in digits where digit != header.mac[index] {
                let mac = header.mac.replacingCharacter(at: index, with: digit)
                let altered = try HawkHeader(parsing: frame.joined(separator: mac))
                #expect(!altered.verify(request, key: "key"), "\(mac)")
            }
        }
    }

    @Test func `A signature covers every part of the request and of the header`() throws {
        let header = try sign(request)
        #expect(header.verify(request, key: "key"))
        #expect(!header.verify(request, key: "kez"))
        for other in [
            HawkRequest(method: "GET", path: "/1.5/7", host: "node.example", port: 443),
            HawkRequest(method: "DELETE", path: "/1.5/8", host: "node.example", port: 443),
            HawkRequest(method: "DELETE", path: "/1.5/7", host: "node.exampl", port: 443),
            HawkRequest(method: "DELETE", path: "/1.5/7", host: "node.example", port: 80),
        ] {
            #expect(!header.verify(other, key: "key"))
        }
        let text = header.authorization
        for change in [("ts=\"1\"", "ts=\"2\""), ("nonce=\"n\"", "nonce=\"m\""), ("ext=\"e\"", "ext=\"f\"")] {
            let altered = try HawkHeader(parsing: text.replacing(change.0, with: change.1))
            #expect(altered != header)
            #expect(!altered.verify(request, key: "key"))
        }
        let bare = try HawkHeader(parsing: text.replacing(", ext=\"e\"", with: ""))
        #expect(bare.ext == nil && !bare.verify(request, key: "key"))
    }

    @Test func `The case of method and host doesn't matter`() throws {
        let other = HawkRequest(method: "delete", path: "/1.5/7", host: "NODE.Example", port: 443)
        #expect(try sign(other).mac == sign(request).mac)
    }

    @Test(arguments: ["", "a\"b", "a\\b", "a\nb", "a\r\nb", "\u{0}", "\u{7f}", "é", "😀"])
    func `A value that would break out of the header isn't signed`(value: String) {
        #expect(throws: HawkError.unsignable("id")) {
            try HawkHeader.sign(request, id: value, key: "k", timestamp: 1, nonce: "n")
        }
        #expect(throws: HawkError.unsignable("nonce")) {
            try HawkHeader.sign(request, id: "i", key: "k", timestamp: 1, nonce: value)
        }
        #expect(throws: HawkError.unsignable("ext")) {
            try HawkHeader.sign(request, id: "i", key: "k", timestamp: 1, nonce: "n", ext: value)
        }
        #expect(throws: HawkError.unsignable("hash")) {
            try HawkHeader.sign(request, id: "i", key: "k", timestamp: 1, nonce: "n", payloadHash: value)
        }
    }

    @Test(arguments: ["", "/a\nb", "/a b", "/é", "/\u{7f}"])
    func `A request with blanks or control characters is neither signed nor verified`(value: String) throws {
        let header = try sign(request)
        for (part, request) in [
            ("method", HawkRequest(method: value, path: "/", host: "h", port: 80)),
            ("path", HawkRequest(method: "GET", path: value, host: "h", port: 80)),
            ("host", HawkRequest(method: "GET", path: "/", host: value, port: 80)),
        ] {
            #expect(throws: HawkError.unsignable(part)) { try sign(request) }
            #expect(!header.verify(request, key: "key"))
        }
    }

    @Test func `A negative timestamp isn't signed`() {
        #expect(throws: HawkError.unsignable("timestamp")) {
            try HawkHeader.sign(request, id: "i", key: "k", timestamp: -1, nonce: "n")
        }
    }

    @Test(arguments: [
        #"Hawk id="i", ts="1", nonce="n", mac="m""#, #"hawk id="i",ts="1",nonce="n",mac="m""#,
        "HAWK   mac=\"m\" ,\t nonce=\"n\",ts=\"1\"  ,id=\"i\"",
    ])
    func `Order, blanks around commas and the scheme's case are free`(text: String) throws {
        let header = try HawkHeader(parsing: text)
        #expect(header.authorization == #"Hawk id="i", ts="1", nonce="n", mac="m""#)
    }

    @Test(
        arguments: [
            ("", .otherScheme), ("Basic dTpw", .otherScheme), ("Hawkx id=\"i\"", .otherScheme),
            (" Hawk id=\"i\"", .otherScheme),
            ("id=\"i\"", .otherScheme), ("Hawk", .missingAttribute("id")), ("Hawk ", .malformed),
            (#"Hawk id="i""#, .missingAttribute("ts")), (#"Hawk id="i", ts="1""#, .missingAttribute("nonce")),
            (#"Hawk id="i", ts="1", nonce="n""#, .missingAttribute("mac")),
            (#"Hawk ts="1", nonce="n", mac="m""#, .missingAttribute("id")),
            (#"Hawk id="i", ts="1", nonce="n", mac="m", id="i""#, .duplicateAttribute("id")),
            (#"Hawk id="i", ts="1", nonce="n", mac="m", app="a""#, .unknownAttribute("app")),
            (#"Hawk ID="i", ts="1", nonce="n", mac="m""#, .unknownAttribute("ID")),
            (#"Hawk id="i", ts="1", nonce="n", mac="m"#, .malformed),
            (#"Hawk id="i", ts="1", nonce="n", mac=""#, .malformed),
            (#"Hawk id="i", ts="1", nonce="n", mac="#, .malformed),
            (#"Hawk id="i", ts="1", nonce="n", mac=m"#, .malformed),
            (#"Hawk id="i", ts="1", nonce="n", mac="m","#, .malformed),
            (#"Hawk id="i", ts="1", nonce="n", mac="m" "#, .malformed),
            (#"Hawk id="i", ts="1", nonce="n", mac="m"x"#, .malformed),
            (#"Hawk , id="i", ts="1", nonce="n", mac="m""#, .malformed),
            (#"Hawk id="i" ts="1" nonce="n" mac="m""#, .malformed),
            (#"Hawk id="i",, ts="1", nonce="n", mac="m""#, .malformed),
            (#"Hawk id = "i", ts="1", nonce="n", mac="m""#, .malformed),
            (#"Hawk id="", ts="1", nonce="n", mac="m""#, .malformed),
            (#"Hawk id="a\"b", ts="1", nonce="n", mac="m""#, .malformed),
            (#"Hawk id="a\\b", ts="1", nonce="n", mac="m""#, .malformed),
            ("Hawk id=\"a\nb\", ts=\"1\", nonce=\"n\", mac=\"m\"", .malformed),
            (#"Hawk id="é", ts="1", nonce="n", mac="m""#, .malformed),
            (#"Hawk id='i', ts="1", nonce="n", mac="m""#, .malformed),
            (#"Hawk id="i", ts="x", nonce="n", mac="m""#, .invalidTimestamp),
            (#"Hawk id="i", ts="-1", nonce="n", mac="m""#, .invalidTimestamp),
            (#"Hawk id="i", ts="+1", nonce="n", mac="m""#, .invalidTimestamp),
            (#"Hawk id="i", ts="01", nonce="n", mac="m""#, .invalidTimestamp),
            (#"Hawk id="i", ts="1.0", nonce="n", mac="m""#, .invalidTimestamp),
            (#"Hawk id="i", ts=" 1", nonce="n", mac="m""#, .invalidTimestamp),
            (#"Hawk id="i", ts="9223372036854775808", nonce="n", mac="m""#, .invalidTimestamp),
        ] as [(String, HawkError)]
    )
    func `A malformed header is refused with its fault`(text: String, fault: HawkError) {
        #expect(throws: fault) { try HawkHeader(parsing: text) }
    }

    @Test func `A header of 4096 bytes is parsed, and not one of 4097`() throws {
        let frame = #"Hawk id="", ts="1", nonce="n", mac="m""#
        func header(_ length: Int) -> String {
            let id = String(repeating: "i", count: length - frame.utf8.count)
            return frame.replacing("id=\"\"", with: "id=\"\(id)\"")
        }
        #expect(try HawkHeader(parsing: header(4096)).authorization == header(4096))
        #expect(throws: HawkError.tooLong) { try HawkHeader(parsing: header(4097)) }
    }

    @Test func `No text crashes the parsers`() {
        withSeed { random in
            let pieces = ["Hawk ", "id=", "ts=", "\"", "\"", "\\", ",", " ", "1", "tsm=\"x\"", "é", "=", "mac=\"m\""]
            for _ in 0..<2000 {
                let text = (0..<12).map { _ in random.pick(pieces) }.joined()
                _ = try? HawkHeader(parsing: "Hawk " + text)
                _ = try? HawkChallenge(parsing: "Hawk " + text)
                _ = try? ServiceURL("http://" + random.unicode(count: 0...12))
                _ = try? ServiceURL("http://" + text)
            }
        }
    }

    @Test func `Nonces differ`() {
        withSeed { random in
            let nonces = Set((0..<1000).map { _ in HawkHeader.randomNonce(using: &random) })
            #expect(nonces.count == 1000, "\(random)")
            #expect(nonces.allSatisfy { $0.utf8.count == 11 }, "\(random)")
        }
    }

    private func sign(_ request: HawkRequest) throws -> HawkHeader {
        try HawkHeader.sign(request, id: "i", key: "key", timestamp: 1, nonce: "n", ext: "e")
    }

    /// What a node does: the id must be a good token, and its key must have signed the request.
    private func accepts(_ text: String, secret: MasterSecret, now: Double) -> Bool {
        guard let header = try? HawkHeader(parsing: text),
            let token = try? SyncToken.verify(header.id, secret: secret, now: now).token
        else { return false }
        return header.verify(request, key: token.hawkKey)
    }
}

extension String {
    fileprivate func replacingCharacter(at index: Index, with character: Character) -> String {
        self[..<index] + String(character) + self[self.index(after: index)...]
    }
}
