import Foundation
import Journals
import Purging
import Testing

@Suite("The audit log's chain")
struct ChainTests {
    private func withLog(_ body: (String) async throws -> Void) async throws {
        try await withTemporaryFolder { try await body($0.appending(path: "audit.log").path) }
    }

    private func texts(_ report: ChainReport) -> String { report.findings.map(\.text).joined(separator: "\n") }

    private func append(_ text: String, to path: String) throws {
        let handle = try FileHandle(forWritingTo: URL(filePath: path))
        defer { try? handle.close() }
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(text.utf8))
    }

    @Test("goes on from process to process, and through a rotation by either way")
    func rotations() async throws {
        try await withLog { path async throws in
            let key = AuditKey()
            let manager = FileManager.default
            // One-shot runs, between which the file is moved.
            try await AuditLog.process(path, "a", key, uids: 1...3)
            try manager.moveItem(atPath: path, toPath: path + ".2")
            try manager.moveItem(atPath: path + ".2", toPath: path + ".1")
            try await AuditLog.process(path, "b", key, uids: 4...6)
            // A service, under which it is moved in mid-run and reopened.
            let service = try AuditFile(path: path, run: "c", version: "1", key: key)
            try await service.append([.intended(OpenIntentTests.intent(7))], isDurable: true)
            try manager.moveItem(atPath: path + ".1", toPath: path + ".2")
            try manager.moveItem(atPath: path, toPath: path + ".1")
            service.reopen()
            try await service.append([.ended(AuditFileTests.outcome(of: OpenIntentTests.intent(7)))], isDurable: true)
            // And copied and emptied.
            try manager.moveItem(atPath: path + ".2", toPath: path + ".3")
            try manager.moveItem(atPath: path + ".1", toPath: path + ".2")
            try manager.copyItem(atPath: path, toPath: path + ".1")
            #expect(truncate(path, 0) == 0)
            try await service.append([.intended(OpenIntentTests.intent(8))], isDurable: true)
            try await service.append([.ended(AuditFileTests.outcome(of: OpenIntentTests.intent(8)))], isDurable: true)
            let head = try #require(try await service.seal())
            let paths = [path, path + ".1", path + ".2", path + ".3"]
            let report = try verify(paths.shuffled(), [key.publicKey], head: head.description)
            #expect(report.weight == .note, "\(texts(report))")
            #expect(report.chains.count == 1)
            #expect(report.chains.first?.paths == paths.reversed())
            #expect(report.chains.first?.last == head.number)
            let counts = try AuditReport(try AuditReader(paths: paths))
            #expect((counts.intents, counts.outcomes, counts.unreadable, counts.open.count) == (8, 8, 0, 0))

            let gap = try verify([path, path + ".1", path + ".3"], [key.publicKey])
            #expect(gap.weight == .incomplete)
            #expect(texts(gap).contains("between \(path).3 and \(path).1"), "\(texts(gap))")
            let late = try verify([path, path + ".1"], [key.publicKey])
            #expect(late.weight == .incomplete)
            #expect(texts(late).contains("in files that were not named"), "\(texts(late))")
            let number = try #require(late.chains.first?.first)
            #expect(try verify([path, path + ".1"], [key.publicKey], first: number).weight == .note)
            #expect(try verify([path, path + ".1"], [key.publicKey], first: number - 1).weight == .incomplete)
            let twice = try verify(paths + [path + ".2"], [key.publicKey])
            #expect(twice.weight == .altered)
            let early = try verify([path + ".2", path + ".3"], [key.publicKey], head: head.hash)
            #expect(early.weight == .altered, "\(texts(early))")
        }
    }

    @Test("tells lines that went missing between a copy and its emptying")
    func lossyCopy() async throws {
        try await withLog { path async throws in
            let service = try AuditFile(path: path, run: "a", version: "1")
            try await service.append([.intended(OpenIntentTests.intent(1))], isDurable: true)
            try FileManager.default.copyItem(atPath: path, toPath: path + ".1")
            try await service.append([.ended(AuditFileTests.outcome(of: OpenIntentTests.intent(1)))], isDurable: true)
            #expect(truncate(path, 0) == 0)
            try await service.append([.intended(OpenIntentTests.intent(2))], isDurable: true)
            _ = try await service.seal()
            let report = try verify([path, path + ".1"])
            #expect(report.weight == .incomplete)
            #expect(texts(report).contains("2 lines are missing"), "\(texts(report))")
        }
    }

    @Test("is whole after a kill, in the middle of a line too; what was written without a head stays nobody's word")
    func killed() async throws {
        try await withLog { path async throws in
            let key = AuditKey()
            try await AuditLog.process(path, "a", key, uids: 1...3)
            try append("{\"event\":\"outcome\",\"ti", to: path)
            let torn = try verify([path], [key.publicKey])
            #expect(torn.weight == .incomplete)
            #expect(texts(torn).contains("torn"), "\(texts(torn))")
            try await AuditLog.process(path, "b", key, uids: 4...5)
            let report = try verify([path], [key.publicKey])
            #expect(report.weight == .note, "\(texts(report))")
            #expect(texts(report).contains("line 10 of \(path) was torn"), "\(texts(report))")
            // Twice in a row, and rotated before the next start.
            try append("{\"ev", to: path)
            try append("\n{\"event\":\"begin\",\"time", to: path)
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            try await AuditLog.process(path, "d", key, uids: 7...7)
            let rotated = try verify([path, path + ".1"], [key.publicKey])
            #expect(rotated.weight == .note, "\(texts(rotated))")
            #expect(try AuditReport(try AuditReader(paths: [path, path + ".1"])).unreadable == 3)
            // A write of which the first lines arrived, and the rest did not.
            let whole = try AuditLog(path).lines
            let handle = try FileHandle(forWritingTo: URL(filePath: path))
            try handle.truncate(atOffset: UInt64(whole.dropLast().reduce(0) { $0 + $1.utf8.count + 1 } + 20))
            try handle.close()
            #expect(try verify([path, path + ".1"], [key.publicKey]).weight == .incomplete)
            try await AuditLog.process(path, "e", key, uids: 8...8)
            let after = try verify([path, path + ".1"], [key.publicKey])
            #expect(after.weight == .incomplete)
            #expect(texts(after).contains("without a head"), "\(texts(after))")
        }
    }

    @Test("doesn't take lines that somebody tied on for the program's own", arguments: [true, false])
    func laundering(isAlive: Bool) async throws {
        try await withLog { path async throws in
            let key = AuditKey()
            let living = try AuditFile(path: path, run: "a", version: "1", key: key)
            try await living.append([.intended(OpenIntentTests.intent(1))], isDurable: true)
            // Whoever knows the format ties on a line of their own, without a head, as they have no key.
            var log = try AuditLog(path)
            log.lines.append(log.lines[1].replacing("\"uid\":1,", with: "\"uid\":99,"))
            log.forge(from: log.lines.count - 1, key: nil)
            try append(log.lines[log.lines.count - 1] + "\n", to: path)
            if isAlive {
                try await living.append([.intended(OpenIntentTests.intent(2))], isDurable: true)
            } else {
                try await AuditLog.process(path, "b", key, uids: 2...2)
            }
            let report = try verify([path], [key.publicKey])
            #expect(report.weight == .incomplete, "\(texts(report))")
            #expect(
                texts(report).contains("1 line up to line 4 of \(path) was found without a head"),
                "\(texts(report))"
            )
            let maker = try CertificateMaker(
                paths: [path],
                trust: try #require(ChainTrust(keys: [key.publicKey])),
                subject: .init(uids: [99]),
                version: "1"
            )
            #expect(try maker.make().certificate.deletions.allSatisfy { !$0.isProved })
        }
    }

    @Test("begins behind what an earlier version wrote, and stands for that too from then on")
    func oldLog() async throws {
        try await withLog { path async throws in
            let old = (1...4).map { uid in
                AuditLine(.intended(OpenIntentTests.intent(Int64(uid))), time: "2026-01-01T00:00:00Z", run: "old").json
                    + "\n"
            }.joined()
            try Data(old.utf8).write(to: URL(filePath: path))
            let before = try verify([path])
            #expect(before.weight == .incomplete)
            #expect(texts(before).contains("has no chain"))
            try await AuditLog.process(path, "new", nil, uids: 5...6)
            let after = try verify([path])
            #expect(after.weight == .note, "\(texts(after))")
            #expect(texts(after).contains("lines 1 to 4"))
            #expect(try AuditReport(try AuditReader(paths: [path])).intents == 6)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try Data(text.replacing("\"uid\":2,", with: "\"uid\":9,").utf8).write(to: URL(filePath: path))
            #expect(try verify([path]).weight == .altered)
        }
    }

    @Test("tells what another program, or an earlier version, wrote in between, and that it wasn't changed since")
    func foreign() async throws {
        try await withLog { path async throws in
            try await AuditLog.process(path, "a", nil, uids: 1...2)
            try append("{\"event\":\"intent\",\"uid\":5}\n{}\n", to: path)
            try await AuditLog.process(path, "b", nil, uids: 3...4)
            let report = try verify([path])
            #expect(report.weight == .incomplete)
            #expect(texts(report).contains("lines 8 to 9 of \(path)"), "\(texts(report))")
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try Data(text.replacing("\"uid\":5}", with: "\"uid\":6}").utf8).write(to: URL(filePath: path))
            #expect(try verify([path]).weight == .altered)
        }
    }

    @Test("is one chain where several processes append to one file at once")
    func together() async throws {
        try await withLog { path async throws in
            let files = try ["a", "b", "c"].map { try AuditFile(path: path, run: $0, version: "1") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, file) in files.enumerated() {
                    group.addTask {
                        for uid in 0..<50 {
                            let intent = OpenIntentTests.intent(Int64(index * 100 + uid))
                            try await file.append([.intended(intent)], isDurable: false)
                            try await file.append([.ended(AuditFileTests.outcome(of: intent))], isDurable: uid == 20)
                        }
                        _ = try await file.seal()
                    }
                }
                try await group.waitForAll()
            }
            let report = try verify([path])
            #expect(report.weight == .note, "\(texts(report))")
            #expect(report.chains.count == 1)
            #expect(try AuditReport(try AuditReader(paths: [path])).intents == 150)
        }
    }

    @Test("is whole after a write that failed halfway, and says what was torn")
    func fullDisk() async throws {
        try await withLog { path async throws in
            let file = try AuditFile(path: path, run: "a", version: "1")
            try await file.append([.intended(OpenIntentTests.intent(1))], isDurable: true)
            // What a full disk leaves of the next two lines: one and a half.
            let next = AuditLine(.intended(OpenIntentTests.intent(2)), time: "2026-01-01T00:00:00Z", run: "a").json
            try append(String(next.prefix(40)), to: path)
            file.reopen()
            try await file.append([.intended(OpenIntentTests.intent(3))], isDurable: true)
            _ = try await file.seal()
            let report = try verify([path])
            #expect(report.weight == .note, "\(texts(report))")
            #expect(texts(report).contains("torn"))
        }
    }

    @Test(
        "can't be made to begin later in a file than it did, by those who say that earlier lines are gone on purpose either"
    )
    func laterBeginning() async throws {
        try await withLog { path async throws in
            try await AuditLog.process(path, "a", nil, uids: 1...2)
            try await AuditLog.process(path, "b", nil, uids: 3...4)
            let log = try AuditLog(path)
            let begin = try #require(log.lines.lastIndex { $0.hasPrefix("{\"event\":\"begin\"") })
            let rest = AuditLog(lines: Array(log.lines[begin...]))
            try Data(rest.text.utf8).write(to: URL(filePath: path))
            #expect(try verify([path], first: Int64(begin + 1)).weight == .altered)
        }
    }

    @Test(
        "takes nothing for torn that any reader finds something in",
        arguments: [",\"x\":1e999} ", ",\"x\":-} ", ",\"x\":\"\\ud800\"}", "}\u{0}", "} x", ",\"x\":01}\t"]
    )
    func readable(_ end: String) async throws {
        try await withLog { path async throws in
            let key = AuditKey()
            try await AuditLog.process(path, "a", key, uids: 1...2)
            let line = try #require(
                try AuditLog(path).lines.first { $0.contains("\"uid\":2,") && $0.contains("outcome") }
            )
            try append(line.dropLast().replacing("\"uid\":2,", with: "\"uid\":99,") + end + "\n", to: path)
            try await AuditLog.process(path, "b", key, uids: 3...4)
            let report = try verify([path], [key.publicKey])
            #expect(report.weight == .incomplete, "\(texts(report))")
        }
    }

    @Test("goes on behind a rotated chain also where somebody put lines of their own in the new file first")
    func replacedFile() async throws {
        try await withLog { path async throws in
            let key = AuditKey()
            try await AuditLog.process(path, "a", key, uids: 1...2)
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            let line = AuditLine(.intended(OpenIntentTests.intent(9)), time: "2026-01-01T00:00:00Z", run: "old").json
            try Data((line + "\n").utf8).write(to: URL(filePath: path))
            try await AuditLog.process(path, "b", key, uids: 3...4)
            let report = try verify([path, path + ".1"], [key.publicKey])
            #expect(report.weight == .incomplete && report.chains.count == 1, "\(texts(report))")
        }
    }

    @Test("is sealed once for what is new, and not at all for nothing")
    func sealing() async throws {
        try await withLog { path async throws in
            let file = try AuditFile(path: path, run: "a", version: "1")
            #expect(try await file.seal() == nil)
            #expect(try Data(contentsOf: URL(filePath: path)).isEmpty)
            #expect(try verify([path]).weight == .incomplete)
            try await file.append([.intended(OpenIntentTests.intent(1))], isDurable: true)
            let head = try #require(try await file.seal())
            #expect(head.number == 3 && !head.isSigned)
            #expect(try await file.seal() == nil)
            #expect(try AuditLog(path).lines.count == 3)
            #expect(try verify([path], head: head.description).weight == .note)
            #expect(try verify([path], head: "2:\(head.hash)").weight == .altered)
        }
    }

    @Test("says which keys signed it, where none is named, and calls a change of keys what it may be")
    func keys() async throws {
        try await withLog { path async throws in
            let (first, second) = (AuditKey(), AuditKey())
            try await AuditLog.process(path, "a", first, uids: 1...2)
            #expect(try verify([path]).weight == .note)
            #expect(try verify([path]).chains.first?.keys == [first.publicKey.hexadecimal])
            #expect(try verify([path], [second.publicKey]).weight == .foreign)
            try await AuditLog.process(path, "b", second, uids: 3...4)
            #expect(try verify([path]).weight == .incomplete)
            #expect(try verify([path], [first.publicKey, second.publicKey]).weight == .note)
            try await AuditLog.process(path, "c", nil, uids: 5...6)
            #expect(try verify([path], [first.publicKey, second.publicKey]).weight == .incomplete)
            #expect(AuditKey(pem: first.pem)?.publicKey == first.publicKey)
            #expect(AuditPublicKey(pem: first.publicKey.pem) == first.publicKey)
            #expect(AuditKey(pem: first.publicKey.pem) == nil && AuditPublicKey(pem: first.pem) == nil)
        }
    }

    @Test("goes on where logrotate names the old file otherwise", arguments: ["-20261127", ".20261127", "-2026112722"])
    func otherNames(_ suffix: String) async throws {
        try await withLog { path async throws in
            try await AuditLog.process(path, "a", nil, uids: 1...2)
            try FileManager.default.moveItem(atPath: path, toPath: path + suffix)
            try Data().write(to: URL(filePath: path + ".pub"))
            try await AuditLog.process(path, "b", nil, uids: 3...4)
            let report = try verify([path, path + suffix])
            #expect(report.weight == .note && report.chains.count == 1, "\(texts(report))")
            #expect(try verify([path]).weight == .incomplete)
        }
    }

    @Test("ends in no trap and no hang, whatever numbers and lines a file has")
    func oddNumbers() async throws {
        try await withLog { path async throws in
            let zeros = String(repeating: "0", count: 64)
            let begin =
                "{\"event\":\"begin\",\"time\":\"x\",\"run\":\"r\",\"version\":\"1\",\"chain\":\"c\",\"place\":0"
            for number in ["9223372036854775807", "9223372036854775806", "9007199254740992", "-1", "0", "01", "1e3"] {
                let line = "\(begin),\"seq\":\(number),\"prev\":\"\(zeros)\"}\n"
                try Data((line + line.replacing("begin", with: "intent")).utf8).write(to: URL(filePath: path))
                #expect(try verify([path]).weight > .note)
                try await AuditLog.process(path, "a", nil, uids: 1...1)
                _ = try verify([path])
            }
            // A process that dies at each start: work that grew with the square of these lines would take hours.
            var log = AuditLog(lines: [])
            for number in 0..<20_000 {
                log.lines.append(
                    begin.replacing("\"place\":0", with: "\"place\":\(number)")
                        + ",\"seq\":1,\"prev\":\"\(zeros)\"}"
                )
            }
            log.forge(from: 1, key: nil)
            try Data(log.text.utf8).write(to: URL(filePath: path))
            #expect(try verify([path]).weight > .note)
        }
    }

    @Test("tells of a file that is none of its own what it is")
    func otherFiles() async throws {
        try await withLog { path async throws in
            try Data("something else\nand more\n".utf8).write(to: URL(filePath: path))
            #expect(texts(try verify([path])).contains("is no audit log"))
            try Data([0x1F, 0x8B, 8, 0]).write(to: URL(filePath: path))
            for paths in [[path], ["/tmp"], ["/dev/null"], [""], ["/no/such/file"]] {
                #expect(throws: AuditReadError.self) { try verify(paths) }
            }
        }
    }
}
