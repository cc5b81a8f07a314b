import SyncTokens
import Testing

@Suite struct KeyIDTests {
    @Test(
        arguments: [
            (0, "0000000000000-"), (7, "0000000000007-"), (-5, "-000000000005-"),
            (-1_234_567_890_123, "-1234567890123-"),
            (1_234_567_890_123, "1234567890123-"), (12_345_678_901_234, "12345678901234-"),
            (.max, "9223372036854775807-"),
            (.min, "-9223372036854775808-"),
        ] as [(Int64, String)]
    )
    func `The timestamp fills 13 characters, its sign included`(timestamp: Int64, text: String) {
        #expect(KeyID(timestamp: timestamp, clientState: ClientState(bytes: [])).text == text)
    }

    @Test(
        arguments: [
            (nil, ["0000000000123-qg"]),
            (456, ["0000000000456-qg"]),
            (123, ["0000000000123-qg"]),
            (0, ["0000000000123-qg", "0000000000000-qg"]),
        ] as [(Int64?, [String])]
    )
    func `A record has the name that its columns give, and two if its keys changed at 0`(
        keysChangedAt: Int64?,
        texts: [String]
    ) {
        let state = ClientState(bytes: [0xaa])
        let spellings = KeyID.spellings(generation: 123, keysChangedAt: keysChangedAt, clientState: state)
        #expect(spellings.map(\.text) == texts)
    }

    @Test(arguments: [nil, 0] as [Int64?])
    func `Two spellings that agree are one`(keysChangedAt: Int64?) {
        let state = ClientState(bytes: [])
        let spellings = KeyID.spellings(generation: 0, keysChangedAt: keysChangedAt, clientState: state)
        #expect(spellings.map(\.text) == ["0000000000000-"])
    }
}
