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
            Row(status: 412, verdict: .writtenSince),
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

    @Test("is as the table says, whatever successes and 404s are accepted", arguments: rows)
    func table(row: Row) async throws {
        let lenient = Fixture.settings {
            $0.acceptsNotFound = true
            $0.acceptsBareSuccess = true
        }
        let expected = row.status == 404 ? .confirmed(lastModified: nil) : row.verdict
        try await Fixture.withNode(Fixture.node(Fault(.status(row.status)))) { node, client in
            let request = try Fixture.request(to: node.url)
            #expect(await client.delete(request).verdict == row.verdict)
            let sent = node.log.counters.requests
            #expect(sent == 1)
            let second = try await Fixture.withClient(lenient) { await $0.delete(request) }
            #expect(second.verdict == expected)
        }
    }

    @Test("is the same without a node's timestamp, unless it is a success", arguments: [403, 404, 412, 503])
    func bareErrors(status: Int) async throws {
        var bare = Fault(.status(status))
        bare.bare = true
        let faults = [Fault(.status(status)), bare]
        let verdicts = try await faults.asyncMap { fault in
            try await Fixture.withNode(Fixture.node(fault)) { node, client in
                await client.delete(try Fixture.request(to: node.url)).verdict
            }
        }
        #expect(verdicts[0] == verdicts[1])
    }

    @Test("is a confirmation for any 2xx with a node's timestamp", arguments: [200, 201, 202, 204, 206, 299])
    func success(status: Int) async throws {
        try await Fixture.withNode(Fixture.node(Fault(.status(status)))) { node, client in
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.verdict == .confirmed(lastModified: nil))
        }
    }

    @Test("is no confirmation for a 2xx without it, unless such are accepted", arguments: [200, 204, 299])
    func bareSuccess(status: Int) async throws {
        var fault = Fault(.status(status))
        fault.bare = true
        try await Fixture.withNode(Fixture.node(fault)) { node, client in
            let request = try Fixture.request(to: node.url)
            guard case .misrouted(status, let what) = await client.delete(request).verdict else {
                Issue.record("not misrouted")
                return
            }
            #expect(what.hasSuffix("without X-Weave-Timestamp"))
            let lenient = Fixture.settings { $0.acceptsBareSuccess = true }
            let second = try await Fixture.withClient(lenient) { await $0.delete(request) }
            #expect(second.verdict == .confirmed(lastModified: nil))
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
            let fault = Fault(.redirect(status: status, location: elsewhere.url + "/1.5/7"))
            try await Fixture.withNode(Fixture.node(fault), Fixture.settings { $0.acceptsBareSuccess = true }) {
                node,
                client in
                let answer = await client.delete(try Fixture.request(to: node.url))
                guard case .misrouted(status, _) = answer.verdict else {
                    Issue.record("\(answer.verdict)")
                    return
                }
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

    @Test("is no confirmation if the server would speak something else than HTTP")
    func switching() async throws {
        let fields = "Upgrade: x\r\nConnection: upgrade\r\nX-Weave-Timestamp: 1.00\r\n\r\n"
        let reply = "HTTP/1.1 101 Switching Protocols\r\n" + fields
        let answer = try await Fixture.answer(
            saying: .bytesAndClose(reply),
            Fixture.settings { $0.requestTimeout = .seconds(1) }
        )
        #expect(answer.verdict.failure != nil)
    }
}

extension Sequence where Element: Sendable {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
