import Sandbox
import SyncTokens
import Testing

@Suite("A storage node verifies", .timeLimit(.minutes(1)))
struct NodeVerificationTests {
    @Test("a signed DELETE, and answers with its clock")
    func signedDelete() async throws {
        try await NodeFixture.run { fixture in
            fixture.store()
            let answer = try await fixture.delete()
            #expect(answer.status == 200)
            #expect(answer["X-Weave-Timestamp"] == "1700000000.00")
            #expect(answer["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT")
            #expect(!fixture.node.data.has(.uid(7)))
        }
    }

    @Test("that a request is signed at all")
    func unsigned() async throws {
        try await NodeFixture.run { fixture in
            fixture.store()
            let answer = try await fixture.send("DELETE", "/1.5/7")
            #expect(answer.status == 401)
            #expect(answer.body.contains(#""status":"invalid-credentials""#))
            #expect(answer["X-Weave-Timestamp"] == "1700000000.00")
            #expect(fixture.node.data.has(.uid(7)))
        }
    }

    @Test("that the header is a Hawk header", arguments: ["Bearer abc", "Hawk", "Hawk id=\"x\"", "Hawk id=x, ts=1"])
    func malformedHeader(authorization: String) async throws {
        try await NodeFixture.run { fixture in
            let answer = try await fixture.send("DELETE", "/1.5/7", headers: ["Authorization": authorization])
            #expect(answer.status == 401)
        }
    }

    @Test("who signed the token")
    func otherSecret() async throws {
        var user = NodeUser()
        user.secret = TestSecret.other
        try await expectRefusal(user)
    }

    @Test("that the token has not ended")
    func expiredToken() async throws {
        var user = NodeUser()
        user.lifetime = -1
        try await expectRefusal(user)
    }

    @Test("that the token is for this node", arguments: ["http://127.0.0.1", "http://other.example"])
    func otherNode(url: String) async throws {
        try await expectRefusal(NodeUser()) { user, node in
            try user.authorization("DELETE", "/1.5/7", node: url, port: node.port)
        }
    }

    @Test("method, path, host and port of the signature", arguments: 0..<4)
    func otherRequest(part: Int) async throws {
        try await expectRefusal(NodeUser()) { user, node in
            try user.authorization(
                part == 0 ? "GET" : "DELETE",
                part == 1 ? "/1.5/7?commit=1" : "/1.5/7",
                node: node.url,
                host: part == 2 ? "localhost" : "127.0.0.1",
                port: part == 3 ? node.port + 1 : node.port
            )
        }
    }

    @Test("the age of the signature, which may be a year")
    func clockSkew() async throws {
        try await expectRefusal(NodeUser()) { user, node in
            let signedAt = user.now - 31_536_001
            return try user.authorization("DELETE", "/1.5/7", node: node.url, port: node.port, signedAt: signedAt)
        }
        try await NodeFixture.run { fixture in
            let node = fixture.node
            let authorization = try NodeUser().authorization(
                "DELETE",
                "/1.5/7",
                node: node.url,
                port: node.port,
                signedAt: 1_700_000_000 - 31_535_999
            )
            let answer = try await fixture.send("DELETE", "/1.5/7", headers: ["Authorization": authorization])
            #expect(answer.status == 200)
        }
    }

    @Test("the age of the signature by its own clock, and tells what that says")
    func clockOffset() async throws {
        var configuration = NodeFixture.configuration()
        configuration.maximumClockSkew = 60
        configuration.clockOffset = .seconds(-120)
        try await NodeFixture.run(configuration) { fixture in
            let refused = try await fixture.delete()
            #expect(refused.status == 401)
            #expect(refused["X-Weave-Timestamp"] == "1699999880.00")
            #expect(refused["Date"] == "Tue, 14 Nov 2023 22:11:20 GMT")
            var corrected = NodeUser()
            corrected.now -= 120
            #expect(try await fixture.delete(corrected).status == 200)
        }
    }

    @Test("that the token's uid is the path's")
    func otherUser() async throws {
        try await NodeFixture.run { fixture async throws in
            fixture.node.data.put(.uid(8), lastModified: StorageTime(seconds: 1), bytes: 1)
            #expect(try await fixture.signed("DELETE", "/1.5/8").status == 400)
            #expect(fixture.node.data.has(.uid(8)))
        }
    }

    @Test("that no signature is used twice, if it is told to", arguments: [true, false])
    func replay(isRefused: Bool) async throws {
        var configuration = NodeFixture.configuration()
        configuration.refusesReplays = isRefused
        try await NodeFixture.run(configuration) { fixture async throws in
            #expect(try await fixture.delete().status == 200)
            #expect(try await fixture.delete().status == (isRefused ? 401 : 200))
            var fresh = NodeUser()
            fresh.nonce = "another"
            #expect(try await fixture.delete(fresh).status == 200)
        }
    }

    @Test("against the URL that it is known by, under its base path")
    func publicURL() async throws {
        var configuration = NodeFixture.configuration()
        configuration.publicURL = "https://sync.example/sync"
        configuration.basePath = "/sync"
        try await NodeFixture.run(configuration) { fixture in
            #expect(fixture.node.url == "https://sync.example/sync")
            #expect(try await fixture.signed("DELETE", "/sync/1.5/7").status == 200)
            #expect(try await fixture.signed("DELETE", "/1.5/7").status == 404)
            // Behind a proxy, the header names a host without a port.
            let authorization = try NodeUser()
                .authorization("DELETE", "/sync/1.5/7", node: fixture.node.url, host: "sync.example", port: 443)
            let headers = ["Authorization": authorization, "Host": "sync.example"]
            #expect(try await fixture.send("DELETE", "/sync/1.5/7", headers: headers).status == 200)
        }
    }

    @Test(
        "no route but its own",
        arguments: [
            "/", "/1.5", "/1.5/", "/1.5/7/", "/1.5/7/storage", "/1.5/x", "/1.5/-7", "/1.5/12345678901", "/2.0/7",
            "/sync/1.5/7",
        ]
    )
    func unknownRoute(path: String) async throws {
        try await NodeFixture.run { fixture in
            let answer = try await fixture.signed("DELETE", path)
            #expect(answer.status == 404)
            #expect(answer["X-Weave-Timestamp"] != nil)
        }
    }

    @Test("a uid of ten digits")
    func longUID() async throws {
        try await NodeFixture.run { fixture async throws in
            var user = NodeUser()
            user.uid = 9_999_999_999
            #expect(try await fixture.delete(user).status == 200)
        }
    }

    private func expectRefusal(
        _ user: NodeUser,
        authorization: (NodeUser, StorageNode) throws -> String = { user, node in
            try user.authorization("DELETE", "/1.5/7", node: node.url, port: node.port)
        }
    ) async throws {
        try await NodeFixture.run { fixture in
            fixture.store()
            let headers = ["Authorization": try authorization(user, fixture.node)]
            let answer = try await fixture.send("DELETE", "/1.5/7", headers: headers)
            #expect(answer.status == 401)
            #expect(fixture.node.data.has(.uid(7)))
            let entry = try #require(fixture.node.log.entries.last)
            #expect(entry.fxaUID == nil && entry.keyID == nil && !entry.performed)
        }
    }
}
