import Sandbox
import Testing

@Suite("A storage node's data", .timeLimit(.minutes(1)))
struct NodeStorageTests {
    @Test("goes with a DELETE, whose answer tells when it had been modified")
    func receipt() async throws {
        try await NodeFixture.run { fixture in
            fixture.store()
            #expect(try await fixture.delete()["X-Last-Modified"] == "1000.00")
            let again = try await fixture.delete()
            #expect(again.status == 200)
            #expect(again["X-Last-Modified"] == "0.00")
            let counters = fixture.node.log.counters
            #expect(counters.deletesConfirmed == 2)
            #expect(counters.deletesRemovingData == 1)
            #expect(counters.bytesRemoved == 100)
        }
    }

    @Test(
        "stays if it was modified after the moment that the request names",
        arguments: [
            ("999.99", 412), ("1000.00", 200), ("1000.01", 200), ("soon", 400), ("-1", 400),
        ]
    )
    func writeCheck(limit: String, status: Int) async throws {
        try await NodeFixture.run { fixture in
            fixture.store()
            let answer = try await fixture.delete(headers: ["X-If-Unmodified-Since": limit])
            #expect(answer.status == status)
            #expect(answer["X-Last-Modified"] == (status == 400 ? nil : "1000.00"))
            #expect(fixture.node.data.has(.uid(7)) == (status != 200))
            #expect(fixture.node.log.counters.deletesConfirmed == (status == 200 ? 1 : 0))
        }
    }

    @Test("goes whatever the request names, if the node heeds no such header")
    func withoutWriteCheck() async throws {
        var configuration = NodeFixture.configuration()
        configuration.writeCheck = false
        try await NodeFixture.run(configuration) { fixture async throws in
            fixture.store()
            #expect(try await fixture.delete(headers: ["X-If-Unmodified-Since": "1.00"]).status == 200)
            #expect(!fixture.node.data.has(.uid(7)))
        }
    }

    @Test("is the uid's own where storage keys by uid")
    func keyedByUID() async throws {
        try await NodeFixture.run { fixture async throws in
            let other = NodeUser(uid: 8)
            fixture.store()
            fixture.store(other)
            #expect(try await fixture.delete().status == 200)
            #expect(fixture.node.data.owners == [.uid(8)])
        }
    }

    @Test("is shared by all uids with the same key where storage keys by account")
    func keyedByAccount() async throws {
        var configuration = NodeFixture.configuration()
        configuration.keying = .account
        try await NodeFixture.run(configuration) { fixture in
            let user = NodeUser()
            let mine = DataOwner.account(fxaUID: user.fxaUID, keyID: user.keyID)
            let newer = DataOwner.account(fxaUID: user.fxaUID, keyID: "0000000009999-AAAAAAAAAAAAAAAAAAAAAA")
            fixture.node.data.put(mine, lastModified: StorageTime(seconds: 5), bytes: 1)
            fixture.node.data.put(newer, lastModified: StorageTime(seconds: 6), bytes: 1)
            let twin = NodeUser(uid: 8)
            #expect(try await fixture.delete(twin)["X-Last-Modified"] == "5.00")
            #expect(fixture.node.data.owners == [newer])
            let entry = try #require(fixture.node.log.entries.last)
            #expect(entry.uid == 8 && entry.fxaUID == user.fxaUID && entry.keyID == user.keyID && entry.removed)
        }
    }

    @Test("can be behind several nodes")
    func sharedData() async throws {
        var configuration = NodeFixture.configuration()
        configuration.data = StoredData()
        try await NodeFixture.run(configuration) { first in
            try await NodeFixture.run(configuration) { second async throws in
                #expect(first.node.port != second.node.port)
                first.store()
                #expect(try await second.delete()["X-Last-Modified"] == "1000.00")
                #expect(first.node.data.count == 0)
            }
        }
    }

    @Test("can be written and read by its user, and by nobody else")
    func objects() async throws {
        try await NodeFixture.run { fixture in
            let path = "/1.5/7/storage/bookmarks/abc"
            #expect(try await fixture.signed("GET", path).status == 404)
            let stored = try await fixture.signed("PUT", path, body: #"{"payload":"x"}"#)
            #expect(stored.status == 200)
            #expect(stored["X-Last-Modified"] == "1700000000.00")
            let read = try await fixture.signed("GET", path)
            #expect(read.status == 200)
            #expect(read.body == #"{"payload":"x"}"#)
            #expect(fixture.node.data.lastModified(of: .uid(7)) == StorageTime(seconds: 1_700_000_000))
            #expect(fixture.node.data.bytes == 15)
            #expect(try await fixture.send("GET", path).status == 401)
            #expect(try await fixture.send("PUT", path, body: "y").status == 401)
            #expect(try await fixture.delete()["X-Last-Modified"] == "1700000000.00")
            #expect(try await fixture.signed("GET", path).status == 404)
        }
    }

    @Test("is confirmed gone without a timestamp by a node whose answers are bare")
    func bareAnswers() async throws {
        var configuration = NodeFixture.configuration()
        configuration.bare2xx = true
        try await NodeFixture.run(configuration) { fixture in
            let answer = try await fixture.delete()
            #expect(answer.status == 200)
            #expect(answer["X-Weave-Timestamp"] == nil)
            #expect(try await fixture.send("DELETE", "/1.5/7")["X-Weave-Timestamp"] != nil)
        }
    }

    @Test("is counted as it comes and goes")
    func accounting() {
        let data = StoredData()
        data.put(contentsOf: (1...1000).map { DataOfUser(.uid($0), lastModified: .never, bytes: 10) })
        data.put(.uid(1), lastModified: .never, bytes: 15)
        #expect(data.count == 1000)
        #expect(data.bytes == 10_005)
        #expect(data.remove(.uid(1)) == .removed(lastModified: .never, bytes: 15))
        #expect(data.remove(.uid(1)) == .nothingStored)
        #expect(data.bytes == 9990)
        data.putObject("a/b", of: .uid(2), payload: [1, 2, 3], at: StorageTime(seconds: 1))
        data.putObject("a/b", of: .uid(2), payload: [1], at: StorageTime(seconds: 2))
        #expect(data.bytes == 9991)
    }
}
