import Foundation
import Sandbox
import SyncTokens
import Testing

@Suite("A storage node's request log", .timeLimit(.minutes(1)))
struct RequestLogTests {
    @Test("has a line in its file for every request, before the client has the answer")
    func file() async throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "node-\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        var configuration = NodeFixture.configuration()
        configuration.logFile = path
        try await NodeFixture.run(configuration) { fixture in
            fixture.store()
            _ = try await fixture.delete(headers: ["X-If-Unmodified-Since": "2000.00"])
            #expect(try lines(path).count == 1)
            _ = try await fixture.send("DELETE", "/1.5/8\u{22}")
            fixture.node.setFaults([Fault(.close)])
            await #expect(throws: (any Error).self) { try await fixture.delete() }
            let lines = try lines(path)
            #expect(lines.count == 3)
            let user = NodeUser()
            #expect(lines[0]["sequence"] as? Int == 1)
            #expect(lines[0]["time"] as? Double == 1_700_000_000)
            #expect(lines[0]["method"] as? String == "DELETE")
            #expect(lines[0]["path"] as? String == "/1.5/7")
            #expect(lines[0]["uid"] as? Int == 7)
            #expect(lines[0]["fxa_uid"] as? String == user.fxaUID)
            #expect(lines[0]["fxa_kid"] as? String == user.keyID)
            #expect(lines[0]["status"] as? Int == 200)
            #expect(lines[0]["confirmed"] as? Bool == true)
            #expect(lines[0]["removed"] as? Bool == true)
            #expect(lines[0]["bytes"] as? Int == 100)
            #expect(lines[0]["last_modified"] as? Double == 1000)
            #expect(lines[0]["if_unmodified_since"] as? String == "2000.00")
            #expect(lines[1]["status"] as? Int == 404)
            #expect(lines[2]["status"] as? Int == 0)
            #expect(lines[2]["fault"] as? String == "close")
            #expect(fixture.node.log.counters.linesLost == 0)
        }
        // A node that starts again goes on in the same file.
        try await NodeFixture.run(configuration) { fixture in _ = try await fixture.delete() }
        #expect(try lines(path).count == 4)
        let text = try String(contentsOfFile: path, encoding: .utf8)
        #expect(!text.contains("Hawk") && !text.contains("mac="))
    }

    @Test("keeps the newest requests in memory, and counts them all")
    func bounds() async throws {
        var configuration = NodeFixture.configuration()
        configuration.logCapacity = 3
        try await NodeFixture.run(configuration) { fixture in
            for uid in 1...7 { _ = try await fixture.delete(NodeUser(uid: Int64(uid))) }
            _ = try await fixture.send("GET", "/")
            let entries = fixture.node.log.entries
            #expect(entries.map(\.sequence) == [6, 7, 8])
            #expect(entries.map(\.uid) == [6, 7, nil])
            let counters = fixture.node.log.counters
            #expect(counters.requests == 8)
            #expect(counters.byStatus == [200: 7, 404: 1])
            #expect(counters.deletesConfirmed == 7 && counters.deletesRemovingData == 0)
        }
    }

    @Test("knows how many requests there were at once, and no more than the client sent")
    func concurrency() async throws {
        try await NodeFixture.run { fixture in
            for _ in 1...20 { _ = try await fixture.delete() }
            #expect(fixture.node.log.counters.maxInFlight == 1)
            fixture.node.setFaults([Fault(.hang)])
            let requests = (1...5).map { uid in Task { try await fixture.delete(NodeUser(uid: Int64(uid))) } }
            await fixture.waitForRequestsInFlight(5)
            requests.forEach { $0.cancel() }
            await fixture.waitForRequestsInFlight(0)
            #expect(fixture.node.log.counters.maxInFlight == 5)
        }
    }

    @Test("is an error at the start if its file can't be written")
    func noFile() async {
        var configuration = NodeFixture.configuration()
        configuration.logFile = "/nowhere/at/all"
        let error = await #expect(throws: StorageNodeError.self) { try await StorageNode.start(configuration) }
        #expect(error?.description.contains("/nowhere/at/all") == true)
    }

    private func lines(_ path: String) throws -> [[String: Any]] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }
}
