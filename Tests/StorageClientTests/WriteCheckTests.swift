import Purging
import Sandbox
import Testing

@testable import StorageClient

@Suite("The write check", .timeLimit(.minutes(1)))
struct WriteCheckTests {
    @Test(
        "is sent in seconds with two decimals, rounded down",
        arguments: [
            (1_700_000_000_000, "1700000000.00"), (1_700_000_000_009, "1700000000.00"),
            (1_700_000_000_019, "1700000000.01"), (1_700_000_000_050, "1700000000.05"),
            (1_700_000_000_999, "1700000000.99"), (10, "0.01"), (0, "0.00"), (-5, "0.00"),
            (Int64.max, "9223372036854775.80"), (Int64.min, "0.00"),
        ]
    )
    func format(milliseconds: Int64, text: String) async throws {
        try await Fixture.withNode { node, client in
            let moment = Timestamp(milliseconds)
            let answer = await client.delete(try Fixture.request(to: node.url, unmodifiedSince: moment))
            #expect(answer.verdict == .confirmed(lastModified: 0))
            #expect(node.log.entries.map(\.ifUnmodifiedSince) == [text])
        }
    }

    @Test("is not sent if there is none")
    func absent() async throws {
        try await WireServer.withServer({ _ in .bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1.00")) }) { server in
            try await Fixture.withClient { client in
                _ = await client.delete(try Fixture.request(to: server.url))
                #expect(server.requests.map { $0.field("X-If-Unmodified-Since") } == [nil])
            }
        }
    }

    @Test("keeps data that was written later, by a hundredth of a second too")
    func written() async throws {
        try await Fixture.withNode { node, client in
            node.data.put(.uid(7), lastModified: StorageTime(hundredths: 1001), bytes: 5)
            let early = try Fixture.request(to: node.url, unmodifiedSince: Timestamp(10_009))
            #expect(await client.delete(early).verdict == .writtenSince(lastModified: 10.01))
            #expect(node.data.has(.uid(7)))
            let late = try Fixture.request(to: node.url, unmodifiedSince: Timestamp(10_010))
            #expect(await client.delete(late).verdict == .confirmed(lastModified: 10.01))
        }
    }

    @Test("can be asked for with the very moment that the node told", arguments: [UInt64.random(in: 0...999_999)])
    func exact(seed: UInt64) async throws {
        // Every hundredth of a second survives the way through the answer's number.
        var generator = SeededGenerator(seed: seed)
        let moments = (0..<200).map { _ in Int64.random(in: 0...400_000_000_000, using: &generator) } + [0, 1, 99, 100]
        let texts = moments.map { Timestamp($0 * 10).secondsWithTwoDecimals }
        let reply: @Sendable (WireServer.Request) -> WireServer.Reply = { request in
            let fields = ["X-Weave-Timestamp: 1.00", "X-Last-Modified: \(texts[request.index])"]
            return .bytes(Fixture.head("412 No", fields[0], fields[1]))
        }
        try await WireServer.withServer(reply) { server in
            try await Fixture.withClient { client in
                for moment in moments {
                    let answer = await client.delete(try Fixture.request(to: server.url))
                    guard case .writtenSince(let seconds?) = answer.verdict else {
                        Issue.record("\(answer.verdict)")
                        return
                    }
                    #expect(Int64((seconds * 100).rounded()) == moment)
                }
            }
        }
    }

    @Test(
        "takes no moment from a text that is no decimal number",
        arguments: ["1e3", "0x10", "+5", ".5", "5.", "1.2.3", "nan"]
    )
    func noMoment(text: String) async throws {
        let reply = Fixture.head("412 No", "X-Weave-Timestamp: 1.00", "X-Last-Modified: \(text)")
        #expect(try await Fixture.answer(saying: .bytes(reply)).verdict == .writtenSince(lastModified: nil))
    }
}
