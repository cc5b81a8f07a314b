import SyncTokens
import Testing

/// The codes in here were computed with Python's `hmac`.
@Suite struct HawkChallengeTests {
    static let code = "nAgaKchyOalVYxhR0IEccf06RTv1aweWusg0b0aeGw4="

    @Test func `The time is taken from a server that has the key`() throws {
        let challenge = try HawkChallenge(
            parsing: #"Hawk ts="1893455000", tsm="\#(Self.code)", error="Stale timestamp""#
        )
        #expect(challenge.timestamp == 1_893_455_000)
        #expect(challenge.tsm == Self.code)
        #expect(challenge.error == "Stale timestamp")
        #expect(challenge.verifiedTime(key: "key") == 1_893_455_000)
        #expect(challenge.verifiedTime(key: "other") == nil)
    }

    @Test func `The key is the text of the derived secret`() throws {
        let challenge = try HawkChallenge(parsing: #"Hawk ts="0", tsm="9QMsU96Ki6Q0xoUhRNftLgtaDHI0LJCIOow1M0nMk9c=""#)
        #expect(challenge.verifiedTime(key: "TbMhFtPSLcKGXVgilJMw6G6Cs522VFPFCRHsZDiD8u4=") == 0)
    }

    @Test func `Any single flipped character of the code makes the time worthless`() {
        withSeed { random in
            for _ in 0..<300 {
                let challenge = try HawkChallenge(
                    parsing: #"Hawk ts="1893455000", tsm="\#(random.flipped(Self.code))""#
                )
                #expect(challenge.verifiedTime(key: "key") == nil, "\(random)")
            }
        }
    }

    @Test(arguments: [
        "Hawk", #"Hawk error="no""#, #"Hawk ts="1893455000""#, #"Hawk tsm="\#(code)""#, #"hawk realm="x", error="no""#,
        #"Hawk ts="1893455001", tsm="\#(code)""#, #"Hawk ts="1893455000", tsm="short""#,
    ])
    func `A challenge without a time and its code gives no time`(text: String) throws {
        #expect(try HawkChallenge(parsing: text).verifiedTime(key: "key") == nil)
    }

    @Test func `A message may hold escaped quotes`() throws {
        let challenge = try HawkChallenge(parsing: #"Hawk error="not \"that\" \\ way", realm="r""#)
        #expect(challenge.error == #"not "that" \ way"#)
    }

    @Test(
        arguments: [
            ("Basic realm=\"x\"", .otherScheme), ("Hawk ts=\"x\"", .invalidTimestamp),
            ("Hawk ts=\"-1\"", .invalidTimestamp),
            ("Hawk ts=\"1\", ts=\"1\"", .duplicateAttribute("ts")), ("Hawk ts=\"1", .malformed),
            ("Hawk ts=1", .malformed),
            ("Hawk error=\"a\\", .malformed), ("Hawk error=\"a\\\"", .malformed), ("Hawk error=\"\\n\"", .malformed),
            ("Hawk ts=\"1\", Basic realm=\"x\"", .malformed),
            ("Hawk error=\"" + String(repeating: "x", count: 4096) + "\"", .tooLong),
        ] as [(String, HawkError)]
    )
    func `A malformed challenge is refused with its fault`(text: String, fault: HawkError) {
        #expect(throws: fault) { try HawkChallenge(parsing: text) }
    }
}
