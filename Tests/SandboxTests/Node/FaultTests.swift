import Foundation
import Testing

@testable import Sandbox

@Suite("A fault")
struct FaultTests {
    @Test(
        "is written on a command line as it is read from there",
        arguments: [
            "status=503,retry-after=10,probability=0.1",
            "status=503,retry-after=Wed, 21 Oct 2026 07:28:00 GMT,times=3",
            "status=302,location=http://elsewhere.example/",
            "close",
            "close,when=after,uids=1-5,7",
            "hang,times=1",
            "garbage=bytes",
            "garbage=html,above-concurrent=8",
            "garbage=endless",
            "status=429,capacity-per-second=100.0",
            "backoff=30",
            "x-backoff=30,bare",
            "latency=20,jitter=10",
        ]
    )
    func text(text: String) throws {
        let fault = try Fault(parsing: text)
        #expect(fault.description == text)
        let json = try JSONEncoder().encode(fault)
        #expect(try JSONDecoder().decode(Fault.self, from: json) == fault)
    }

    @Test(
        "says clearly why it is none",
        arguments: [
            ("", "\"\" is not a fault"),
            ("503", "\"503\" is not a fault"),
            ("status=abc", "The value of status is \"abc\". It should be a whole number in 200...999."),
            ("status=100", "should be a whole number in 200...999"),
            ("statu=503", "A fault has no field \"statu\". It has: status, location"),
            ("status=503,status=500", "The field status is given twice"),
            ("status=503,close", "can't have both status and close"),
            ("hang,garbage=html", "can't have both hang and garbage"),
            ("garbage=soup", "It should be bytes or html or endless."),
            ("status=503,probability=2", "It should be a number in 0.0...1.0."),
            ("status=503,probability=nan", "It should be a number in 0.0...1.0."),
            ("status=503,uids=9-2", "It should be uids and ranges of them"),
            ("status=503,times=-1", "It should be a whole number of at least 0."),
            ("close=maybe", "It should be true or false."),
            ("times=3", "This fault changes nothing."),
            ("close,when=later", "It should be before or after."),
        ]
    )
    func errors(text: String, message: String) throws {
        let error = #expect(throws: FaultError.self) { try Fault(parsing: text) }
        #expect(try #require(error).description.contains(message))
    }

    @Test("is read from JSON with names in any style and values of any kind")
    func json() throws {
        let text = #"{"status":503,"retryAfter":"10","above_concurrent":8,"uids":[1,2,9],"bare":true,"times":null}"#
        var expected = Fault(.status(503))
        expected.retryAfter = "10"
        expected.aboveConcurrent = 8
        expected.uids = UIDSelection([1...2, 9...9])
        expected.bare = true
        let fault = try JSONDecoder().decode(Fault.self, from: Data(text.utf8))
        #expect(fault.uids?.contains(2) == true && fault.uids?.contains(3) == false)
        #expect(fault.fields.map(\.name) == expected.fields.map(\.name))
    }

    @Test("is met in the plan's order, and only one")
    func order() throws {
        let injector = FaultInjector(
            FaultPlan([try Fault(parsing: "status=500,uids=1-9"), try Fault(parsing: "status=503")])
        )
        #expect(effect(injector, uid: 5) == .status(500))
        #expect(effect(injector, uid: 10) == .status(503))
        #expect(effect(injector, uid: nil) == .status(503))
    }

    @Test("is met so many times and no more")
    func times() throws {
        let injector = FaultInjector(FaultPlan([try Fault(parsing: "close,times=2")]))
        #expect((0..<4).map { _ in effect(injector, uid: 1) } == [.close, .close, nil, nil])
        injector.plan = injector.plan
        #expect(effect(injector, uid: 1) == .close)
    }

    @Test("is met by its share of the requests, the same ones for the same seed")
    func probability() throws {
        let plan = FaultPlan([try Fault(parsing: "close,probability=0.25")], seed: 42)
        let first = FaultInjector(plan)
        let second = FaultInjector(plan)
        let hits = (0..<4000).map { _ in effect(first, uid: 1) != nil }
        #expect(hits == (0..<4000).map { _ in effect(second, uid: 1) != nil })
        #expect((850...1150).contains(hits.count { $0 }))
    }

    @Test("is met above a concurrency only")
    func aboveConcurrent() throws {
        let injector = FaultInjector(FaultPlan([try Fault(parsing: "status=503,above-concurrent=8")]))
        #expect(injector.decide(uid: 1, inFlight: 8, now: .now).fault == nil)
        #expect(injector.decide(uid: 1, inFlight: 9, now: .now).fault != nil)
    }

    @Test("a node with few workers makes requests wait for one, but refuses at once")
    func workers() throws {
        let plan = FaultPlan(
            [try Fault(parsing: "status=500,above-concurrent=4")],
            latency: Latency(.milliseconds(100)),
            workers: 2
        )
        let injector = FaultInjector(plan)
        let now = ContinuousClock.now + .seconds(1)
        let delays = (1...4).map { injector.decide(uid: 1, inFlight: $0, now: now).delay }
        #expect(delays == [.milliseconds(100), .milliseconds(100), .milliseconds(200), .milliseconds(200)])
        #expect(injector.decide(uid: 1, inFlight: 5, now: now).delay == .milliseconds(100))
        #expect(injector.decide(uid: 1, inFlight: 1, now: now + .seconds(1)).delay == .milliseconds(100))
    }

    @Test("is met by what exceeds a rate")
    func capacity() throws {
        let injector = FaultInjector(FaultPlan([try Fault(parsing: "status=429,capacity-per-second=100")]))
        let start = ContinuousClock.now
        // A thousand requests, evenly spread over a second.
        let met = (0..<1000).count { index in
            injector.decide(uid: 1, inFlight: 1, now: start + .milliseconds(index)).fault != nil
        }
        #expect((885...895).contains(met))
    }

    @Test("has a latency that takes the place of the plan's")
    func latency() throws {
        let injector = FaultInjector(
            FaultPlan(
                [try Fault(parsing: "latency=500,uids=1")],
                latency: Latency(.milliseconds(20), jitter: .milliseconds(10))
            )
        )
        #expect(injector.decide(uid: 1, inFlight: 1, now: .now).delay == .milliseconds(500))
        let delays = (0..<100).map { _ in injector.decide(uid: 2, inFlight: 1, now: .now).delay }
        #expect(delays.allSatisfy { (.milliseconds(20) ... .milliseconds(30)).contains($0) })
        #expect(Set(delays).count > 50)
    }

    @Test("comes with others in a plan that JSON holds too")
    func plan() throws {
        let text = #"{"latency":20,"jitter":5,"seed":9,"faults":[{"status":503,"retry-after":10},{"close":true}]}"#
        let plan = try JSONDecoder().decode(FaultPlan.self, from: Data(text.utf8))
        #expect(plan.seed == 9)
        #expect(plan.latency == Latency(.milliseconds(20), jitter: .milliseconds(5)))
        #expect(plan.faults.map(\.description) == ["status=503,retry-after=10", "close"])
        #expect(try JSONDecoder().decode(FaultPlan.self, from: try JSONEncoder().encode(plan)) == plan)
    }

    private func effect(_ injector: FaultInjector, uid: Int64?) -> Fault.Effect? {
        injector.decide(uid: uid, inFlight: 1, now: .now).fault?.effect
    }
}
