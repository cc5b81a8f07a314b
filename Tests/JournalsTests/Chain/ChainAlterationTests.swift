import Crypto
import Foundation
import Journals
import Purging
import Testing

/// Whoever alters a log, with or without knowledge of its format, is found out.
@Suite("An altered audit log")
struct ChainAlterationTests {
    /// In how many places each kind of alteration is tried.
    static let rounds = 400

    private struct World {
        let log: AuditLog
        let path: String
        let key: AuditKey
        let head: String

        func weight(_ bytes: Data, head: Bool = true) throws -> ChainReport.Weight {
            try bytes.write(to: URL(filePath: path))
            return try verify([path], [key.publicKey], head: head ? self.head : nil).weight
        }

        func weight(_ lines: [String], head: Bool = true) throws -> ChainReport.Weight {
            try weight(Data(lines.map { $0 + "\n" }.joined().utf8), head: head)
        }
    }

    private func withWorld(_ body: (World) throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let key = AuditKey()
            let written = folder.appending(path: "audit.log").path
            let log = try await AuditLog.write(to: written, key: key)
            let report = try verify([written], [key.publicKey])
            #expect(report.weight == .note, "\(report.findings)")
            let head = try #require(report.chains.first?.lastHead)
            try body(World(log: log, path: folder.appending(path: "altered.log").path, key: key, head: head))
        }
    }

    @Test("is noticed whichever byte was changed")
    func bytes() async throws {
        try await withWorld { world throws in
            let bytes = Data(world.log.text.utf8)
            var random = SystemRandomNumberGenerator()
            for _ in 0..<Self.rounds {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                var altered = bytes
                altered[place] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
                let weight = try world.weight(altered, head: false)
                #expect(weight > .note, "byte \(place)")
            }
        }
    }

    @Test("is noticed whichever byte or line was put in or taken out, at the end too")
    func lengths() async throws {
        try await withWorld { world throws in
            let bytes = Data(world.log.text.utf8)
            for _ in 0..<Self.rounds {
                let place = Int.random(in: 0..<bytes.count)
                var altered = bytes
                altered.remove(at: place)
                #expect(try world.weight(altered, head: false) > .note, "byte \(place) out")
                altered = bytes
                altered.insert(UInt8.random(in: 0...255), at: place)
                #expect(try world.weight(altered, head: false) > .note, "a byte at \(place)")
            }
            for tail in ["\n", " ", "x", "{}\n"] {
                #expect(try world.weight(bytes + Data(tail.utf8), head: false) > .note)
            }
            let lines = world.log.lines
            for place in lines.indices {
                var altered = lines
                altered.remove(at: place)
                #expect(try world.weight(altered, head: false) > .note, "line \(place) out")
                altered = lines
                altered.insert(lines[place], at: Int.random(in: 0...lines.count))
                #expect(try world.weight(altered, head: false) > .note, "line \(place) twice")
                altered = lines
                altered.insert("", at: place)
                #expect(try world.weight(altered, head: false) > .note, "an empty line at \(place)")
            }
        }
    }

    @Test("is noticed whichever two lines were swapped")
    func swaps() async throws {
        try await withWorld { world throws in
            let lines = world.log.lines
            for first in lines.indices {
                for second in lines.indices where second > first {
                    var altered = lines
                    altered.swapAt(first, second)
                    #expect(try world.weight(altered, head: false) > .note, "lines \(first) and \(second)")
                }
            }
        }
    }

    @Test(
        "is noticed wherever its beginning or its end was cut off; right behind a head, only who knows a later head can tell"
    )
    func cuts() async throws {
        try await withWorld { world throws in
            let bytes = Data(world.log.text.utf8)
            let heads = world.log.lines.indices.filter { world.log.lines[$0].hasPrefix("{\"event\":\"head\"") }
            let ends = heads.map { world.log.lines[...$0].reduce(0) { $0 + $1.utf8.count + 1 } }
            for place in 0..<bytes.count where place % 29 == 0 || ends.contains(place) || ends.contains(place + 1) {
                #expect(try world.weight(bytes.prefix(place)) > .note, "cut at \(place)")
                if !ends.contains(place) {
                    #expect(try world.weight(bytes.prefix(place), head: false) > .note, "cut at \(place), no head")
                }
                if place > 0 {
                    #expect(try world.weight(bytes.dropFirst(place), head: false) > .note, "from \(place) on")
                }
            }
        }
    }

    @Test("is noticed if somebody without the key makes it fit again: unsigned, or signed with another key")
    func forgeries() async throws {
        try await withWorld { world throws in
            let other = Curve25519.Signing.PrivateKey()
            for place in world.log.lines.indices.dropLast() {
                for key in [nil, other] {
                    var forged = world.log
                    forged.lines[place] = forged.lines[place].replacingOccurrences(of: "\"uid\":", with: "\"uid\":1")
                    forged.forge(from: place + 1, key: key)
                    #expect(try world.weight(forged.lines) > .note, "line \(place)")
                    forged = world.log
                    forged.lines.remove(at: place)
                    forged.forge(from: place, key: key)
                    #expect(try world.weight(forged.lines) > .note, "line \(place) out")
                }
            }
            // A head of the log's own, elsewhere.
            for head in world.log.lines where head.hasPrefix("{\"event\":\"head\"") {
                var forged = world.log
                forged.lines[forged.lines.count - 1] = head
                if forged.lines != world.log.lines { #expect(try world.weight(forged.lines, head: false) > .note) }
            }
        }
    }

    @Test("is noticed if a part of it is taken from another log that was signed with the same key")
    func splices() async throws {
        try await withTemporaryFolder { folder async throws in
            let key = AuditKey()
            let paths = ["one", "other", "spliced"].map { folder.appending(path: $0).path }
            for path in paths.prefix(2) {
                for first in [Int64(1), 10, 20, 30] {
                    try await AuditLog.process(path, path, key, uids: first...(first + 3))
                }
            }
            let (one, other) = (try AuditLog(paths[0]).lines, try AuditLog(paths[1]).lines)
            #expect(one.count == other.count)
            let heads = one.indices.filter { one[$0].hasPrefix("{\"event\":\"head\"") }
            // Whole writes with their heads, which have the same numbers in both.
            for (start, end) in zip(heads, heads.dropFirst()) {
                let spliced = one[...start] + other[(start + 1)...end] + one[(end + 1)...]
                try Data(spliced.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: paths[2]))
                #expect(try verify([paths[2]], [key.publicKey]).weight > .note, "lines \(start + 1) to \(end)")
            }
        }
    }

    @Test("is noticed without a key where the chain itself was not made anew, the last byte of the last head included")
    func unsigned() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "audit.log").path
            _ = try await AuditLog.write(to: path, key: nil)
            #expect(try verify([path]).weight == .note)
            let bytes = try Data(contentsOf: URL(filePath: path))
            for place in [bytes.count - 1, bytes.count - 2, bytes.count - 4, bytes.count - 100, bytes.count - 300] {
                var altered = bytes
                altered[place] ^= 1
                try altered.write(to: URL(filePath: path))
                #expect(try verify([path]).weight > .note, "byte \(place)")
            }
        }
    }
}
