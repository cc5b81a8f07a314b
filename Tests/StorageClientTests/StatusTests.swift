import Purging
import Sandbox
import StorageClient
import Testing

@Suite("What a status means", .timeLimit(.minutes(1)))
struct StatusTests {
    struct Row: CustomTestStringConvertible {
        let status: Int
        let verdict: NodeAnswer.Verdict

        var testDescription: String { "\(status)" }
    }

    private static let rows: [Row] =
        [
            Row(status: 400, verdict: .refused(status: 400)),
            Row(status: 401, verdict: .signatureRefused),
            Row(status: 402, verdict: .refused(status: 402)),
            Row(status: 403, verdict: .refused(status: 403)),
            Row(status: 404, verdict: .notFound),
            Row(status: 405, verdict: .refused(status: 405)),
            Row(status: 409, verdict: .busy(status: 409)),
            Row(status: 410, verdict: .refused(status: 410)),
            Row(status: 412, verdict: .writtenSince(lastModified: nil)),
            Row(status: 413, verdict: .refused(status: 413)),
            Row(status: 423, verdict: .busy(status: 423)),
            Row(status: 429, verdict: .busy(status: 429)),
            Row(status: 451, verdict: .refused(status: 451)),
            Row(status: 499, verdict: .refused(status: 499)),
            Row(status: 500, verdict: .trouble(status: 500)),
            Row(status: 501, verdict: .trouble(status: 501)),
            Row(status: 502, verdict: .trouble(status: 502)),
            Row(status: 503, verdict: .busy(status: 503)),
            Row(status: 504, verdict: .trouble(status: 504)),
            Row(status: 513, verdict: .decommissioned),
            Row(status: 599, verdict: .trouble(status: 599)),
        ]

    @Test("is as the table says for a node", arguments: rows)
    func table(row: Row) async throws {
        try await Fixture.withNode(Fixture.node(Fault(.status(row.status)))) { node, client in
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.verdict == row.verdict)
            #expect(answer.status == row.status)
            #expect(answer.nodeTime == Fixture.now)
            let sent = node.log.counters.requests
            #expect(sent == 1)
        }
    }

    @Test(
        "counts for nothing without a node's timestamp",
        arguments: [200, 204, 299, 400, 401, 404, 412, 500, 503, 513]
    )
    func bare(status: Int) async throws {
        var fault = Fault(.status(status))
        fault.bare = true
        try await Fixture.withNode(Fixture.node(fault)) { node, client in
            let answer = await client.delete(try Fixture.request(to: node.url))
            guard case .misrouted(status, let what) = answer.verdict else {
                Issue.record("\(answer.verdict)")
                return
            }
            #expect(what.hasSuffix("without X-Weave-Timestamp"))
            #expect(answer.status == status)
            #expect(answer.nodeTime == nil)
            let sent = node.log.counters.requests
            #expect(sent == 1)
        }
    }

    @Test("is a confirmation for 200 and 204", arguments: [200, 204])
    func success(status: Int) async throws {
        try await Fixture.withNode(Fixture.node(Fault(.status(status)))) { node, client in
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.verdict == .confirmed(lastModified: nil))
        }
    }

    @Test("is no confirmation for any other 2xx", arguments: [201, 202, 203, 205, 206, 207, 226, 299])
    func otherSuccess(status: Int) async throws {
        try await Fixture.withNode(Fixture.node(Fault(.status(status)))) { node, client in
            let answer = await client.delete(try Fixture.request(to: node.url))
            guard case .misrouted(status, _) = answer.verdict else {
                Issue.record("\(answer.verdict)")
                return
            }
        }
    }

    @Test("is misrouted for a captive portal's page, which is named")
    func webPage() async throws {
        let page = "HTTP/1.1 200 OK\r\nServer: portal/1\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi"
        let answer = try await Fixture.answer(saying: .bytes(page))
        #expect(
            answer.verdict == .misrouted(status: 200, what: "portal/1, text/html, without X-Weave-Timestamp")
        )
    }

    @Test(
        "is misrouted where no storage node speaks",
        arguments: ["407 Proxy Authentication Required", "600 What", "999 Denied"]
    )
    func foreign(status: String) async throws {
        let answer = try await Fixture.answer(saying: .bytes(Fixture.head(status, "X-Weave-Timestamp: 1.00")))
        guard case .misrouted(_, "an unnamed server") = answer.verdict else {
            Issue.record("\(answer.verdict)")
            return
        }
    }

    @Test("is misrouted for a redirect, which is not followed", arguments: [300, 301, 302, 303, 304, 305, 307, 308])
    func redirect(status: Int) async throws {
        try await StorageNode.withNode(Fixture.node()) { elsewhere in
            let fault = Fault(
                .redirect(
                    status: status,
                    location: elsewhere.url.replacing("://", with: "://me:hidden@") + "/1.5/7?hidden"
                )
            )
            try await Fixture.withNode(Fixture.node(fault)) { node, client in
                let answer = await client.delete(try Fixture.request(to: node.url))
                guard case .misrouted(status, let what) = answer.verdict else {
                    Issue.record("\(answer.verdict)")
                    return
                }
                // To where, but nothing that may be a secret.
                #expect(what.contains("redirects to \(elsewhere.url)") && !what.contains("hidden"), "\(what)")
                let counts = (node.log.counters.requests, elsewhere.log.counters.requests)
                #expect(counts == (1, 0))
            }
        }
    }

    @Test("waits for the answer after one that is only provisional", arguments: ["100 Continue", "103 Early Hints"])
    func provisional(status: String) async throws {
        let reply = "HTTP/1.1 \(status)\r\n\r\n" + Fixture.head("200 OK", "X-Weave-Timestamp: 1.00")
        let answer = try await Fixture.answer(saying: .bytes(reply))
        #expect(answer.verdict == .confirmed(lastModified: nil))
    }
}
