import SyncTokens
import Testing

@Suite struct ClientStateTests {
    @Test(arguments: [("", []), ("00", [0]), ("aAfF09", [0xaa, 0xff, 0x09])] as [(String, [UInt8])])
    func `Pairs of hex digits of either case are bytes`(hex: String, bytes: [UInt8]) {
        #expect(ClientState(hex: hex)?.bytes == bytes)
    }

    @Test(arguments: ["a", "abc", "zz", "0g", "aa bb", " aa", "aa\n", "0x", "-1", "+1", "é", "ａａ", "\0\0"])
    func `Anything else isn't a client state`(hex: String) {
        #expect(ClientState(hex: hex) == nil)
    }
}
