import Purging

/// Makes answers that are nearly right, and some that are.
struct AnswerMutations {
    private var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    private static let statuses = [
        "200 OK", "200 OK", "200 OK", "204 No Content", "201 Created", "302 Found", "401 No", "404 No", "412 No",
        "503 No",
        "000 OK", "001 OK", "099 OK", "100 Continue", "101 Switch", "103 Hints", "199 X", "304 Not Modified", "407 No",
        "600 What", "999 No", "20 OK", "2000 OK", "-20 OK", "+200 OK", "0x200 OK", "OK", "", "200", "200 ", "200OK",
    ]
    private static let versions = [
        "HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/1.9", "ICY", "",
    ]
    private static let timestamps = [
        "1700000000.00", "1700000000.00", "1700000000.00", "1", "0.00", "", "-1", "nan", "1e9", "0x10", "1.2.3", " 5 ",
        "1,0",
    ]
    private static let fields = [
        "Connection: close", "Connection: keep-alive", "Content-Length: 0", "Content-Length: 5", "Content-Length: -1",
        "Content-Length: +2", "Content-Length: 99999999999999999999", "Content-Length: 0x2", "Content-Length: 2, 2",
        "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, gzip",
        "Upgrade: h2c", "Content-Encoding: gzip", "Trailer: X", " folded: yes", ": no name", "no colon", "X-A : space",
        "Date: Tue, 14 Nov 2023 22:13:20 GMT", "Retry-After: 99999999999999999999", "X-Backoff: -1",
        "X-Weave-Timestamp: 5.00", "X-Last-Modified: 666.00", "X-Long: \(String(repeating: "x", count: 3000))",
    ]
    private static let bodies = [
        "", "", "{}", "hello", "5\r\nhello\r\n0\r\n\r\n", "0\r\n\r\n", "0\r\nX-Trailer: 1\r\n\r\n",
        "FFFFFFFFFFFFFFFF\r\nx",
        "-1\r\n\r\n", "5;x=y\r\nhello\r\n0\r\n\r\n", "zz\r\n", String(repeating: "b", count: 20_000),
    ]

    /// An answer in pieces, and whether the connection ends after it.
    mutating func next(lastModified: String) -> WireServer.Reply {
        var text = ""
        if chance(6) { text += "HTTP/1.1 \(pick(["100 Continue", "103 Hints", "199 X"]))\r\n\r\n" }
        text += answer(lastModified: lastModified)
        // A second answer that nobody asked for.
        if chance(6) { text += Fixture.head("200 OK", "X-Weave-Timestamp: 1.00", "X-Last-Modified: 666.00") }
        var bytes = Array(text.utf8)
        for _ in 0..<(chance(2) ? 0 : Int.random(in: 1...3, using: &random)) { mutate(&bytes) }
        let thenCloses = !chance(8)
        return .pieces(chance(3) ? pieces(bytes) : [bytes], thenCloses: thenCloses)
    }

    private mutating func answer(lastModified: String) -> String {
        let isPlain = chance(3)
        var lines = ["\(isPlain ? "HTTP/1.1" : pick(Self.versions)) \(isPlain ? "200 OK" : pick(Self.statuses))"]
        if isPlain || !chance(8) { lines.append("X-Weave-Timestamp: \(isPlain ? "1.00" : pick(Self.timestamps))") }
        lines.append("X-Last-Modified: \(lastModified)")
        if isPlain { return (lines + ["Content-Length: 2", "", "{}"]).joined(separator: "\r\n") }
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            lines.insert(pick(Self.fields), at: Int.random(in: 1...lines.count, using: &random))
        }
        if chance(2) { lines.append("Content-Length: 0") }
        return lines.joined(separator: chance(10) ? "\n" : "\r\n") + "\r\n\r\n" + pick(Self.bodies)
    }

    private mutating func mutate(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: 0..<min(bytes.count, 300), using: &random)
        let end = min(place + Int.random(in: 1...20, using: &random), bytes.count)
        switch Int.random(in: 0..<7, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes.removeSubrange(place..<end)
        case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
        case 4: bytes.removeSubrange(place...)
        case 5:
            bytes.insert(
                contentsOf: pick(["\r\n", "\n", "\r", "\0", " ", ":", "\r\n\r\n", "HTTP/1.1 200 OK\r\n"]).utf8,
                at: place
            )
        default: bytes.insert(contentsOf: (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }, at: place)
        }
    }

    private mutating func pieces(_ bytes: [UInt8]) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty, pieces.count < 6 {
            let count = Int.random(in: 1...min(rest.count, 60), using: &random)
            pieces.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return pieces + [Array(rest)]
    }

    private mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &random) == 0 }

    private mutating func pick(_ values: [String]) -> String { values.randomElement(using: &random) ?? "" }
}
