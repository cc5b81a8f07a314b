import Foundation
import Journals
import Purging
import Testing

@Suite("A plan's file")
struct PlanFileTests {
    private static func records(_ count: Int64) -> [PlannedRecord] {
        (1...count).map { uid in
            PlannedRecord(
                uid: UID(uid),
                node: NodeID(1),
                replacedAt: Timestamp(1000 + uid),
                verb: uid % 3 == 0 ? .hold : .purge,
                reason: uid % 3 == 0 ? "revivable" : "not_down",
                target: uid % 3 == 0 ? nil : "https://node.example",
                keys: uid % 3 == 0 ? nil : 1
            )
        }
    }

    /// A complete plan of so many records.
    private func withPlan(_ count: Int64, _ body: (String) async throws -> Void) async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "plan").path
            let writer = PlanFileWriter(path: path, database: "a database", options: ["--force": "given"])
            try await writer.begin(cutoff: Timestamp(5000))
            for record in Self.records(count) { try await writer.append([record]) }
            #expect(!FileManager.default.fileExists(atPath: path))
            try await writer.complete()
            try await body(path)
        }
    }

    @Test("reads back whole, from any place on")
    func roundTrip() async throws {
        try await withPlan(2500) { path in
            let plan = try PlanFile(path: path)
            #expect(plan.cutoff == Timestamp(5000))
            #expect(plan.header.database == "a database")
            #expect(plan.header.options == ["--force": "given"])
            var read: [PlannedRecord] = []
            var positions: [Int64] = []
            while true {
                let lines = try await plan.lines(after: positions.last, limit: 7)
                if lines.isEmpty { break }
                read += lines.map(\.record)
                positions += lines.map(\.position)
            }
            #expect(read == Self.records(2500))
            #expect(positions == positions.sorted() && Set(positions).count == positions.count)
            let again = try await plan.lines(after: positions[99], limit: 1)
            #expect(again.first?.record.uid == UID(101))
            // Just before a line is its predecessor's place, too.
            let before = try await plan.lines(after: positions[99] - 1, limit: 1)
            #expect(before.first?.record.uid == UID(100))
        }
    }

    @Test("is refused when any of its bytes was changed, or its end is missing")
    func changedFiles() async throws {
        try await withPlan(20) { path in
            let bytes = try Data(contentsOf: URL(filePath: path))
            func expectRefusal(_ data: Data, _ what: Comment) throws {
                try data.write(to: URL(filePath: path))
                #expect(throws: PlanFailure.self, what) { try PlanFile(path: path) }
            }
            for index in stride(from: 0, to: bytes.count, by: 7) {
                var changed = bytes
                changed[index] = changed[index] == UInt8(ascii: "1") ? UInt8(ascii: "2") : UInt8(ascii: "1")
                try expectRefusal(changed, "byte \(index)")
            }
            for length in stride(from: 0, to: bytes.count - 1, by: 97) {
                try expectRefusal(bytes.prefix(length), "cut to \(length)")
            }
            try expectRefusal(bytes + Data("{}\n".utf8), "goes on")
            let lines = bytes.split(separator: UInt8(ascii: "\n"))
            let without = lines.enumerated().filter { $0.offset != 5 }.map(\.element)
            try expectRefusal(Data(without.joined(separator: [UInt8(ascii: "\n")])), "a line is missing")
            try expectRefusal(Data("not a plan\n".utf8), "foreign")
        }
    }

    @Test("is given up when it is changed while it is carried out")
    func changedMeanwhile() async throws {
        try await withPlan(5000) { path in
            let plan = try PlanFile(path: path)
            let first = try await plan.lines(after: nil, limit: 10)
            #expect(first.count == 10)
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("{}\n".utf8))
            try handle.close()
            await #expect(throws: PlanFailure.self) { try await plan.lines(after: first.last?.position, limit: 10) }
        }
    }

    @Test("that was not completed leaves nothing under its name")
    func incomplete() async throws {
        try await withTemporaryFolder { folder in
            let path = folder.appending(path: "plan").path
            let writer = PlanFileWriter(path: path, database: "a database", options: [:])
            try await writer.begin(cutoff: Timestamp(5000))
            try await writer.append(Self.records(3))
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(throws: PlanFailure.self) { try PlanFile(path: path + ".partial") }
        }
    }

    @Test("that can't be written says so")
    func unwritable() async throws {
        let writer = PlanFileWriter(path: "/no/such/folder/plan", database: "a database", options: [:])
        await #expect(throws: PlanFailure.self) { try await writer.begin(cutoff: Timestamp(5000)) }
    }
}
