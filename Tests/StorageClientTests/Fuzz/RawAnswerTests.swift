import Foundation
import Purging
import StorageClient
import Testing

@Suite("Whatever a server answers", .timeLimit(.minutes(3)))
struct RawAnswerTests {
    private static let count = 3000
    /// `PURGE_TEST_SEED` plays one again.
    private static let seed =
        ProcessInfo.processInfo.environment["PURGE_TEST_SEED"].flatMap(UInt64.init)
        ?? UInt64.random(in: 0...999_999_999)

    @Test("each request gets an outcome, and is confirmed only by a node's complete head", arguments: [seed])
    func fuzz(seed: UInt64) async throws {
        var mutations = AnswerMutations(seed: seed)
        let replies = (0..<Self.count).map { mutations.next(lastModified: "\($0).00") }
        let reply: @Sendable (WireServer.Request) -> WireServer.Reply = { request in
            request.uid.map { replies[Int($0)] } ?? .close
        }
        try await WireServer.withServer(reply) { server in
            let settings = Fixture.settings {
                $0.connectionsPerNode = 64
                $0.requestTimeout = .milliseconds(500)
                $0.resolver = TestResolver("127.0.0.1")
            }
            // A second signature has its own answer, so none must be asked for.
            try await Fixture.withClient(settings, time: TestTime(wallSeconds: 1, stride: nil)) { client in
                let confirmed = try await Self.play(replies, server, client, seed)
                // Those that nothing was done to are about a sixth; a slow machine misses the time limit of many.
                #expect(confirmed > Self.count / 100, "seed \(seed)")
            }
        }
    }

    /// How many were confirmed.
    private static func play(
        _ replies: [WireServer.Reply],
        _ server: WireServer,
        _ client: HTTPStorageNodeClient,
        _ seed: UInt64
    ) async throws -> Int {
        // What comes late can't be told from the next request's own answer: what comes in pieces has a connection, and so a
        // node, for itself.
        let requests = try replies.enumerated().map { index, reply in
            let isWhole = if case .pieces(let pieces, _) = reply { pieces.count == 1 } else { true }
            let url = isWhole ? server.url : "http://n\(index).test:\(server.port)"
            return try Fixture.request(to: url, uid: Int64(index))
        }
        return await withTaskGroup(of: [Bool].self) { group in
            for lane in 0..<64 {
                group.addTask {
                    var outcomes: [Bool] = []
                    for index in stride(from: lane, to: requests.count, by: 64) {
                        let answer = await client.delete(requests[index])
                        outcomes.append(judge(answer, to: replies[index], "seed \(seed), answer \(index)"))
                    }
                    return outcomes
                }
            }
            return await group.reduce(0) { $0 + $1.count { $0 } }
        }
    }

    /// Whether it was confirmed, which must be right.
    private static func judge(_ answer: NodeAnswer, to reply: WireServer.Reply, _ comment: Comment) -> Bool {
        guard case .pieces(let pieces, _) = reply, case .confirmed(let lastModified) = answer.verdict else {
            return false
        }
        let bytes = Array(pieces.joined())
        guard let truth = AnswerJudge.confirmation(in: bytes) else {
            Issue.record("\(comment): \(String(decoding: bytes.prefix(600), as: UTF8.self).debugDescription)")
            return true
        }
        if let lastModified {
            #expect(truth.lastModified.flatMap(Double.init) == lastModified, comment)
        }
        return true
    }
}

extension WireServer.Request {
    /// Whose data it is about.
    fileprivate var uid: Int64? {
        let words = head.split(separator: " ", maxSplits: 2)
        return words.count == 3 ? words[1].split(separator: "/").last.flatMap { Int64($0) } : nil
    }
}
