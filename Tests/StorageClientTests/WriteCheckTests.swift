import Purging
import Sandbox
import StorageClient
import Testing

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
            let moment = Milliseconds(milliseconds)
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
            let early = try Fixture.request(to: node.url, unmodifiedSince: Milliseconds(10_009))
            #expect(await client.delete(early).verdict == .writtenSince)
            #expect(node.data.has(.uid(7)))
            let late = try Fixture.request(to: node.url, unmodifiedSince: Milliseconds(10_010))
            #expect(await client.delete(late).verdict == .confirmed(lastModified: 10.01))
        }
    }
}
