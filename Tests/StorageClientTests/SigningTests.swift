import Purging
import Sandbox
import StorageClient
import SyncTokens
import Testing

@Suite("A signed request", .timeLimit(.minutes(1)))
struct SigningTests {
    @Test("is accepted by a node that keys by uid, and removes that user's data and no other's")
    func byUID() async throws {
        try await Fixture.withNode { node, client in
            for uid: Int64 in [7, 8] { node.data.put(.uid(uid), lastModified: StorageTime(seconds: 5), bytes: 5) }
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.verdict == .confirmed(lastModified: 5))
            #expect(!node.data.has(.uid(7)) && node.data.has(.uid(8)))
        }
    }

    @Test("is accepted by a node that keys by account, whose key it names")
    func byAccount() async throws {
        var configuration = Fixture.node()
        configuration.keying = .account
        try await Fixture.withNode(configuration) { node, client in
            let owner = DataOwner.account(fxaUID: Fixture.fxaUID, keyID: Fixture.key.text)
            let other = DataOwner.account(fxaUID: Fixture.fxaUID, keyID: "0000000001235-AAECAwQFBgcICQoLDA0ODw")
            for owner in [owner, other] { node.data.put(owner, lastModified: StorageTime(seconds: 5), bytes: 5) }
            let answer = await client.delete(try Fixture.request(to: node.url))
            #expect(answer.verdict == .confirmed(lastModified: 5))
            #expect(!node.data.has(owner) && node.data.has(other))
        }
    }

    @Test("is accepted whatever the node's URL looks like", arguments: ["", "/", "/sync", "/sync/", "/a/b%20c/~d//"])
    func basePath(path: String) async throws {
        var trimmed = path[...]
        while trimmed.last == "/" { trimmed.removeLast() }
        for host in ["127.0.0.1", "localhost", "LocalHost"] {
            // The node's port is part of the URL that its tokens name, so one is found first.
            let port = try await StorageNode.withNode(Fixture.node()) { $0.port }
            var configuration = Fixture.node()
            configuration.port = port
            configuration.basePath = String(trimmed)
            configuration.publicURL = "http://\(host):\(port)\(path)"
            try await Fixture.withNode(configuration) { node, client in
                let answer = await client.delete(try Fixture.request(to: node.url))
                #expect(answer.verdict == .confirmed(lastModified: 0), "\(node.url)")
                #expect(node.log.entries.map(\.path) == [trimmed + "/1.5/7"])
            }
        }
    }

    @Test("is accepted over IPv6")
    func literalIPv6() async throws {
        var configuration = Fixture.node()
        configuration.host = "::1"
        try await Fixture.withNode(configuration) { node, client async throws in
            #expect(await client.delete(try Fixture.request(to: node.url)).verdict == .confirmed(lastModified: 0))
        }
    }

    @Test("is refused by a node that has another secret, and sent once")
    func otherSecret() async throws {
        var configuration = Fixture.node()
        configuration.secret = Fixture.secret("another secret")
        try await Fixture.withNode(configuration) { node, client async throws in
            #expect(await client.delete(try Fixture.request(to: node.url)).verdict == .signatureRefused)
            let sent = node.log.counters.requests
            #expect(sent == 1)
        }
    }

    @Test("is signed afresh every time")
    func fresh() async throws {
        var configuration = Fixture.node()
        configuration.refusesReplays = true
        try await Fixture.withNode(configuration) { node, client in
            let request = try Fixture.request(to: node.url)
            for _ in 0..<20 {
                #expect(await client.delete(request).verdict == .confirmed(lastModified: 0))
            }
        }
    }

    @Test("has a new token and a new nonce every time, and a token for five minutes")
    func contents() async throws {
        try await WireServer.withServer({ _ in .bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1.00")) }) { server in
            try await Fixture.withClient { client in
                for _ in 0..<20 { _ = await client.delete(try Fixture.request(to: server.url, uid: 1_234_567_890)) }
            }
            let headers = try server.requests.map { try #require($0.hawk) }
            let claims = try headers.map { header in
                try SyncToken.verify(header.id, secret: Fixture.secret(), now: Fixture.now).claims
            }
            #expect(Set(headers.map(\.nonce)).count == 20 && Set(claims.map(\.salt)).count == 20)
            #expect(headers.allSatisfy { $0.timestamp == Int64(Fixture.now) })
            for claim in claims {
                let expected = TokenClaims(
                    uid: 1_234_567_890,
                    node: server.url,
                    fxaUID: Fixture.fxaUID,
                    fxaKID: Fixture.key.text,
                    salt: claim.salt,
                    expires: Fixture.now + 300
                )
                #expect(claim == expected)
            }
        }
    }

    @Test("is a DELETE without a body, of the user's whole storage, and says who sends it")
    func requestLine() async throws {
        let settings = Fixture.settings { $0.userAgent = "purge/1" }
        try await WireServer.withServer({ _ in .bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1.00")) }) { server in
            try await Fixture.withClient(settings) { client in
                _ = await client.delete(try Fixture.request(to: server.url + "/base/"))
            }
            let request = try #require(server.requests.first)
            #expect(request.head.hasPrefix("DELETE /base/1.5/7 HTTP/1.1\r\n"))
            #expect(request.field("Host") == "127.0.0.1:\(server.port)")
            #expect(request.field("User-Agent") == "purge/1")
            #expect(request.field("Accept") == "application/json")
            #expect(request.field("Transfer-Encoding") == nil)
            #expect(request.field("Content-Length") ?? "0" == "0")
        }
    }
}
