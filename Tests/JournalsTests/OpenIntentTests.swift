import Foundation
import Journals
import Purging
import Synchronization
import Testing

@Suite("Intents that a killed run left without an outcome")
struct OpenIntentTests {
    static func intent(
        _ uid: Int64,
        kind: DeletionKind = .notDown,
        target: String? = "https://node.example/{x}"
    ) -> AuditIntent {
        AuditIntent(
            uid: UID(uid),
            node: NodeID(1),
            replacedAt: Timestamp(1000),
            kind: kind,
            target: target,
            keys: 1,
            unmodifiedSince: nil
        )
    }

    static func standing(node: Int64 = 1, createdAt: Int64 = 10, replacedAt: Int64?) -> RecordStanding {
        RecordStanding(
            node: NodeID(node),
            createdAt: Timestamp(createdAt),
            replacedAt: replacedAt.map { Timestamp($0) }
        )
    }

    /// A process that writes this and dies.
    static func abandon(_ entries: [AuditEntry], in path: String, run: String = "dead") async throws {
        try await AuditFile(path: path, run: run).append(entries, isDurable: true)
        try await untilReleased(path)
    }

    /// The file is closed a moment after its last use: the queue that wrote holds it until then, as no process does that is
    /// dead.
    private static func untilReleased(_ path: String) async throws {
        let file = try FileHandle(forUpdating: URL(filePath: path))
        defer { try? file.close() }
        let deadline = ContinuousClock.now + .seconds(10)
        while flock(file.fileDescriptor, LOCK_EX | LOCK_NB) != 0, ContinuousClock.now < deadline {
            try await Task<Never, Never>.sleep(for: .milliseconds(1))
        }
    }

    /// A process that closes what it may, and ends.
    @discardableResult
    static func close(_ path: String, run: String = "next", _ rows: [Int64: RecordStanding] = [:]) async throws
        -> IntentClosing
    {
        try await AuditFile(path: path, run: run).closeOpenIntents { uids in
            Dictionary(uniqueKeysWithValues: uids.compactMap { uid in rows[uid.rawValue].map { (uid, $0) } })
        }
    }

    static func lines(_ path: String) throws -> [AuditLine] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap { AuditLine(json: $0) }
    }

    static func report(_ paths: String...) throws -> AuditReport { try AuditReport(try AuditReader(paths: paths)) }

    private func withLog(_ body: (String) async throws -> Void) async throws {
        try await withTemporaryFolder { try await body($0.appending(path: "audit.log").path) }
    }

    @Test("are closed by the next run with what the database has of their records then")
    func closing() async throws {
        try await withLog { path in
            let ended = AuditFileTests.outcome(of: Self.intent(1))
            try await Self.abandon([.intended(Self.intent(1)), .ended(ended)], in: path)
            try await Self.abandon((2...7).map { .intended(Self.intent($0)) }, in: path)
            try await Self.abandon(
                [
                    .intended(Self.intent(8, kind: .nodeless, target: nil)),
                    .intended(Self.intent(9, kind: .unaddressable, target: nil)),
                ],
                in: path,
                run: "another"
            )
            let closing = try await Self.close(
                path,
                [
                    3: Self.standing(replacedAt: 1000), 4: Self.standing(replacedAt: 5000),
                    5: Self.standing(replacedAt: nil), 6: Self.standing(node: 2, replacedAt: 1000),
                    7: Self.standing(createdAt: 2000, replacedAt: 3000), 9: Self.standing(replacedAt: 1000),
                ]
            )
            #expect(closing == IntentClosing(closed: [.gone: 2, .kept: 3, .changed: 3]))
            let closed = try Self.lines(path).filter { $0.closedBy == "next" }
            #expect(closed.map(\.uid) == Array(2...9))
            #expect(closed.map(\.run) == Array(repeating: "dead", count: 6) + ["another", "another"])
            #expect(closed.map(\.data) == Array(repeating: "unknown", count: 6) + ["not_own", "unaddressable"])
            #expect(
                closed.map(\.record) == ["gone", "kept", "kept", "changed", "changed", "changed", "gone", "kept"]
            )
            #expect(closed.allSatisfy { $0.reason == "closed_later" && $0.requests == nil })
            let report = try Self.report(path)
            #expect((report.intents, report.outcomes, report.open.count) == (9, 9, 0))
            #expect(report.closedLater == ["gone": 2, "kept": 3, "changed": 3])
            #expect(try Self.lines(path).first { $0.uid == 9 }?.keys == nil)
            // Once is enough.
            #expect(try await Self.close(path) == IntentClosing())
        }
    }

    @Test("of a process that is alive are left alone, in a file that was moved away from under it too")
    func living() async throws {
        try await withLog { path in
            let living = try AuditFile(path: path, run: "living")
            try await living.append([.intended(Self.intent(5))], isDurable: true)
            #expect(try await Self.close(path) == IntentClosing(inUse: [path]))
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            #expect(try await Self.close(path) == IntentClosing(inUse: [path + ".1"]))
            living.reopen()
            try await living.append([.intended(Self.intent(6))], isDurable: true)
            #expect(try await Self.close(path) == IntentClosing(inUse: [path]))
            #expect(try Self.report(path, path + ".1").open.map(\.uid) == [5, 6])
        }
    }

    @Test("are found in the file that was rotated last; what was closed there stays so")
    func rotated() async throws {
        try await withLog { path in
            try await Self.abandon([.intended(Self.intent(5)), .intended(Self.intent(6))], in: path)
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            try await Self.abandon([.ended(AuditFileTests.outcome(of: Self.intent(6)))], in: path)
            #expect(try await Self.close(path).closed == [.gone: 1])
            #expect(try Self.lines(path).last?.uid == 5)
            #expect(try await Self.close(path).count == 0)
            #expect(try Self.report(path, path + ".1").open.isEmpty)
        }
    }

    @Test("are told from those with an outcome whatever else is in the file: torn, foreign and endless lines")
    func oddLines() async throws {
        try await withLog { path in
            let entries = (1...3).map { AuditEntry.intended(Self.intent($0)) }
            try await Self.abandon(entries, in: path)
            let outcome = AuditLine(
                .ended(AuditFileTests.outcome(of: Self.intent(1))),
                time: "2026-11-25T08:00:00Z",
                run: "dead"
            ).json
            var text = try String(contentsOfFile: path, encoding: .utf8)
            text += outcome.replacingOccurrences(of: "\":", with: "\": ")
            text += "\n" + outcome.replacingOccurrences(of: "\"uid\":1", with: "\"uid\":2").dropLast(20)
            text += "\n{\"event\":\"intent\",\"time\":\"x\",\"run\":\"dead\",\"uid\":7}\n\n"
            text += String(repeating: "x", count: 3 << 20) + "\n"
            text += outcome.replacingOccurrences(of: "\"uid\":1", with: "\"uid\":3")
            try Data(text.utf8).write(to: URL(filePath: path))
            #expect(try await Self.close(path).closed == [.gone: 1])
            #expect(try Self.lines(path).filter { $0.closedBy != nil }.map(\.uid) == [2])
        }
    }

    @Test("are closed one by one where a run decided anew and could not write all of its log")
    func severalInOneRun() async throws {
        try await withLog { path in
            let intended = AuditEntry.intended(Self.intent(5))
            let ended = AuditEntry.ended(AuditFileTests.outcome(of: Self.intent(5), data: .kept, record: .kept))
            try await Self.abandon([intended, ended, intended, intended, ended, intended], in: path)
            #expect(try Self.report(path).open.count == 2)
            #expect(try await Self.close(path).closed == [.gone: 2])
            let report = try Self.report(path)
            #expect((report.intents, report.outcomes, report.open.count) == (4, 4, 0))
        }
    }

    @Test("are looked up in batches, however many they are")
    func batches() async throws {
        try await withLog { path in
            try await Self.abandon((1...2500).map { .intended(Self.intent($0)) }, in: path)
            let counts = Mutex<[Int]>([])
            let closing = try await AuditFile(path: path, run: "next").closeOpenIntents { uids in
                counts.withLock { $0.append(uids.count) }
                return [:]
            }
            #expect(closing.count == 2500)
            #expect(counts.withLock { $0 } == [1000, 1000, 500])
        }
    }

    @Test("stay open if the database fails; the run after that closes them")
    func databaseFails() async throws {
        try await withLog { path in
            try await Self.abandon([.intended(Self.intent(5))], in: path)
            await #expect(throws: StoreError.self) {
                try await AuditFile(path: path, run: "next").closeOpenIntents { _ in
                    throw StoreError.unreachable("gone")
                }
            }
            #expect(try Self.report(path).open.count == 1)
            #expect(try await Self.close(path).count == 1)
        }
    }

    @Test("are closed before another process that starts meanwhile writes its first line")
    func starting() async throws {
        try await withLog { path in
            try await Self.abandon([.intended(Self.intent(5))], in: path)
            let other = try AuditFile(path: path, run: "other")
            let writing = Mutex<Task<Void, any Error>?>(nil)
            let first = try AuditFile(path: path, run: "first")
            let closing = try await first.closeOpenIntents { _ in
                let task = Task {
                    let closing = try await other.closeOpenIntents { _ in [:] }
                    #expect(closing == IntentClosing(inUse: [path]))
                    try await other.append([.intended(Self.intent(5))], isDurable: true)
                }
                writing.withLock { $0 = task }
                try await Task.sleep(for: .milliseconds(200))
                return [:]
            }
            try await writing.withLock { $0 }?.value
            #expect(closing.count == 1)
            #expect(try Self.lines(path).map(\.run) == ["dead", "dead", "other"])
            #expect(try Self.report(path).open.map(\.run) == ["other"])
        }
    }

    @Test("are no matter of a pipe or a device, which have no lock and keep nothing")
    func device() async throws {
        let null = try AuditFile(path: "/dev/null", run: "r1")
        #expect(try await null.closeOpenIntents { _ in [:] } == IntentClosing())
        try await null.append([.intended(Self.intent(5))], isDurable: true)
    }

    @Test("change nothing of what nodes last said, unless their record is gone")
    func lastAnswers() async throws {
        try await withLog { path in
            let held = AuditFileTests.outcome(
                of: Self.intent(5),
                data: .kept,
                record: .kept,
                reason: HoldReason.writtenSince.rawValue
            )
            let again = AuditEntry.intended(Self.intent(5))
            try await Self.abandon([again, .ended(held), again], in: path)
            try await Self.close(path, [5: Self.standing(replacedAt: 1000)])
            #expect(try LastAnswers(AuditReader(paths: [path]))[UID(5)] == "written_since")
            try await Self.abandon([again], in: path)
            try await Self.close(path)
            #expect(try LastAnswers(AuditReader(paths: [path]))[UID(5)] == nil)
        }
    }
}
