import Testing

@testable import Telemetry

struct StatsdDatagramTests {
    @Test("Datagrams are filled up to the limit, keep the order and lose no line")
    func packing() {
        let (packed, tooLong) = StatsdDatagram.pack(["aaaa", "bbbb", "cc", "ddddddddd", "e"], limit: 9)
        #expect(packed.map { String(decoding: $0.bytes, as: UTF8.self) } == ["aaaa\nbbbb", "cc", "ddddddddd", "e"])
        #expect(packed.map(\.lineCount) == [2, 1, 1, 1])
        #expect(tooLong == 0)
    }

    @Test("A line too long for a datagram is left out and counted")
    func tooLong() {
        let (packed, tooLong) = StatsdDatagram.pack(["a", "0123456789", "ü"], limit: 9)
        #expect(packed.map { String(decoding: $0.bytes, as: UTF8.self) } == ["a\nü"])
        #expect(tooLong == 1)
    }
}
