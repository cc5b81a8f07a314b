import Foundation
import Journals
import Purging
import Testing

@Suite("The audit log")
struct AuditFileTests {
    static let intent = AuditIntent(
        uid: UID(5),
        node: NodeID(1),
        replacedAt: Timestamp(1000),
        kind: .notDown,
        target: "https://node.example",
        keys: 1,
        unmodifiedSince: Timestamp(4_900_000)
    )

    static func outcome(
        of intent: AuditIntent = intent,
        data: AuditOutcome.DataFate = .deleted,
        record: AuditOutcome.RecordFate = .deleted,
        reason: String? = nil
    ) -> AuditOutcome {
        var exchange = ExchangeTrace()
        exchange.requests = 2
        exchange.status = 200
        exchange.receipts = [1_700_000_000.25]
        exchange.duration = .milliseconds(17)
        return AuditOutcome(intent: intent, data: data, record: record, reason: reason, exchange: exchange)
    }

    @Test("has one line for each entry, which reads back as it was written")
    func lines() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "audit.log").path
            let file = try AuditFile(path: path, run: "r1")
            try await file.append([.intended(Self.intent)], isDurable: true)
            try await file.append([.ended(Self.outcome())], isDurable: false)
            let lines = try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
            #expect(lines.count == 5)
            #expect(lines[0].hasPrefix("{\"event\":\"begin\","))
            let read = lines.compactMap { AuditLine(json: $0) }
            #expect(read.map(\.event) == [.intent, .outcome])
            #expect(read[0].unmodifiedSince == 4_900_000)
            #expect(read[1].receipts == [1_700_000_000.25])
            #expect((read[1].status, read[1].requests, read[1].durationMilliseconds) == (200, 2, 17))
            #expect(lines[3].hasPrefix(read[1].json.dropLast()))
        }
    }

    @Test("goes on behind what is there, on a new line even where the last one was torn off")
    func tornLine() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "audit.log").path
            try Data("{\"event\":\"inte".utf8).write(to: URL(filePath: path))
            try await AuditFile(path: path, run: "r1").append([.intended(Self.intent)], isDurable: true)
            let report = try AuditReport(try AuditReader(paths: [path]))
            #expect(report.unreadable == 1)
            #expect(report.intents == 1)
        }
    }

    @Test("is made anew under its name when it is reopened, as a rotation needs it")
    func reopening() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "audit.log").path
            let file = try AuditFile(path: path, run: "r1")
            try await file.append([.intended(Self.intent)], isDurable: true)
            try FileManager.default.moveItem(atPath: path, toPath: path + ".1")
            file.reopen()
            try await file.append([.ended(Self.outcome())], isDurable: true)
            // The newer file is named first; the reader finds the order.
            let report = try AuditReport(try AuditReader(paths: [path, path + ".1"]), uids: [5])
            #expect(report.open.isEmpty)
            #expect(report.asked.map(\.event) == [.intent, .outcome])
        }
    }

    @Test("tells a folder that isn't there, and a full disk, with what it means")
    func failures() async throws {
        #expect(throws: AuditFailure.self) { try AuditFile(path: "/no/such/folder/audit.log", run: "r1") }
        let full = try AuditFile(path: "/dev/full", run: "r1")
        await #expect(throws: AuditFailure.self) { try await full.append([.intended(Self.intent)], isDurable: true) }
    }

    @Test("names intents without an outcome, of each process apart")
    func openIntents() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "audit.log").path
            let killed = try AuditFile(path: path, run: "killed")
            let next = try AuditFile(path: path, run: "next")
            try await killed.append([.intended(Self.intent)], isDurable: true)
            try await next.append([.intended(Self.intent), .ended(Self.outcome())], isDurable: true)
            let report = try AuditReport(try AuditReader(paths: [path]))
            #expect(report.open.map(\.run) == ["killed"])
            #expect(report.byData == ["deleted": 1])
        }
    }

    @Test("tells what nodes last said of records that are still there")
    func lastAnswers() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "audit.log").path
            let file = try AuditFile(path: path, run: "r1")
            let held = Self.outcome(data: .kept, record: .kept, reason: HoldReason.writtenSince.rawValue)
            try await file.append([.intended(Self.intent), .ended(held)], isDurable: true)
            #expect(try LastAnswers(AuditReader(paths: [path]))[UID(5)] == "written_since")
            try await file.append([.intended(Self.intent), .ended(Self.outcome())], isDurable: true)
            #expect(try LastAnswers(AuditReader(paths: [path]))[UID(5)] == nil)
        }
    }
}

func withTemporaryFolder(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "journals-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
}
