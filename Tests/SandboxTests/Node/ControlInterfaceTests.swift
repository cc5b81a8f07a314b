import Foundation
import Sandbox
import Testing

@Suite("A storage node's control interface", .timeLimit(.minutes(1)))
struct ControlInterfaceTests {
    @Test("sets faults and tells them")
    func faults() async throws {
        try await NodeFixture.run { fixture in
            let plan = #"{"faults":[{"status":503,"retry-after":10,"times":1}]}"#
            let set = try await fixture.send("PUT", "/__sandbox__/faults", body: plan)
            #expect(set.status == 200)
            #expect(set.body.contains(#""retry-after":10"#))
            #expect(fixture.node.faults.faults.map(\.description) == ["status=503,retry-after=10,times=1"])
            #expect(try await fixture.send("GET", "/__sandbox__/faults").body == set.body)
            #expect(try await fixture.delete().status == 503)
            #expect(try await fixture.delete().status == 200)
        }
    }

    @Test("says what is wrong with a plan, and keeps the old one")
    func badFaults() async throws {
        try await NodeFixture.run(Fault(.status(500))) { fixture in
            let bad = #"{"faults":[{"close":true},{"statu":503}]}"#
            let answer = try await fixture.send("PUT", "/__sandbox__/faults", body: bad)
            #expect(answer.status == 400)
            #expect(answer.body.contains(#"A fault has no field \"statu\""#))
            #expect(try await fixture.send("PUT", "/__sandbox__/faults", body: "{").status == 400)
            #expect(try await fixture.delete().status == 500)
        }
    }

    @Test("tells counters that the requests to it don't change")
    func statistics() async throws {
        try await NodeFixture.run { fixture in
            fixture.store()
            fixture.store(NodeUser(uid: 8))
            _ = try await fixture.delete()
            let answer = try await fixture.send("GET", "/__sandbox__/stats")
            let statistics = try JSONDecoder().decode(NodeStatistics.self, from: Data(answer.body.utf8))
            #expect(statistics.url == fixture.node.url)
            #expect(statistics.users == 1 && statistics.bytes == 100)
            #expect(statistics.counters == fixture.node.log.counters)
            #expect(statistics.counters.requests == 1 && statistics.counters.inFlight == 0)
        }
    }

    @Test("tells the newest requests, one line each")
    func log() async throws {
        try await NodeFixture.run { fixture in
            _ = try await fixture.delete()
            _ = try await fixture.delete(NodeUser(uid: 8))
            let answer = try await fixture.send("GET", "/__sandbox__/log")
            #expect(answer.body == fixture.node.log.entries.map { $0.jsonLine + "\n" }.joined())
            #expect(answer.body.split(separator: "\n").count == 2)
        }
    }

    @Test("takes data in bulk, tells whose there is, and drops it")
    func data() async throws {
        try await NodeFixture.run { fixture in
            let body = """
                {"users":[{"from":1,"through":5000,"modified":12.5,"bytes":10},{"uid":9999},
                {"fxa_uid":"a","fxa_kid":"b","modified":3}]}
                """
            let answer = try await fixture.send("PUT", "/__sandbox__/data", body: body)
            #expect(answer.status == 200)
            #expect(fixture.node.data.count == 5002)
            #expect(fixture.node.data.bytes == 50_000)
            #expect(fixture.node.data.lastModified(of: .uid(5000)) == StorageTime(seconds: 12.5))
            #expect(fixture.node.data.lastModified(of: .account(fxaUID: "a", keyID: "b")) == StorageTime(seconds: 3))
            let lines = try await fixture.send("GET", "/__sandbox__/data").body.split(separator: "\n")
            #expect(lines.count == 5002)
            #expect(lines.contains(#"{"fxa_uid":"a","fxa_kid":"b"}"#) && lines.contains(#"{"uid":9999}"#))
            #expect(try await fixture.send("DELETE", "/__sandbox__/data").status == 200)
            #expect(fixture.node.data.count == 0 && fixture.node.data.bytes == 0)
        }
    }

    @Test(
        "refuses data that it can't read",
        arguments: [
            "[]", #"{"users":[{"from":5,"through":1}]}"#, #"{"users":[{"modified":1}]}"#,
            #"{"users":[{"from":0,"through":9000000000000000000}]}"#,
        ]
    )
    func badData(body: String) async throws {
        try await NodeFixture.run { fixture async throws in
            #expect(try await fixture.send("PUT", "/__sandbox__/data", body: body).status == 400)
            #expect(fixture.node.data.count == 0)
        }
    }

    @Test("meets no fault")
    func unharmed() async throws {
        try await NodeFixture.run(Fault(.close)) { fixture async throws in
            #expect(try await fixture.send("GET", "/__sandbox__/stats").status == 200)
            #expect(try await fixture.send("GET", "/__sandbox__/else").status == 404)
        }
    }
}
