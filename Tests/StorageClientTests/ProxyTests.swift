import Purging
import Sandbox
import StorageClient
import Testing

@Suite("A node behind a proxy", .timeLimit(.minutes(1)))
struct ProxyTests {
    private static func settings(
        _ proxy: TunnelProxy,
        user: String = "",
        except exceptions: String = ""
    ) throws -> HTTPStorageNodeClient.Settings {
        let address = "http://\(user)127.0.0.1:\(proxy.port)"
        let environment = ["HTTP_PROXY": address, "HTTPS_PROXY": address, "NO_PROXY": exceptions]
        let proxies = try ProxyRules(environment: environment)
        return Fixture.settings { $0.proxies = proxies }
    }

    @Test("is reached through a tunnel, over which it sees the same request")
    func tunnel() async throws {
        try await TunnelProxy.withProxy { proxy in
            try await Fixture.withNode(Fixture.node(), Self.settings(proxy)) { node, client in
                for _ in 0..<3 {
                    let answer = await client.delete(try Fixture.request(to: node.url))
                    #expect(answer.verdict == .confirmed(lastModified: 0))
                }
                #expect(proxy.heads.count == 1)
                #expect(proxy.heads[0].hasPrefix("CONNECT 127.0.0.1:\(node.port) HTTP/1.1\r\n"))
                // A node's token is for the node alone.
                #expect(!proxy.heads[0].contains("Hawk"))
            }
        }
    }

    @Test("is reached through a tunnel that TLS keeps the proxy out of")
    func secureTunnel() async throws {
        try await Certificate.with(names: "IP:127.0.0.1") { certificate in
            let reply = WireServer.Reply.bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1.00"))
            try await WireServer.withServer(tls: certificate.context, { _ in reply }) { server in
                try await TunnelProxy.withProxy { proxy in
                    var settings = try Self.settings(proxy)
                    settings.caFile = certificate.file
                    let answer = try await Fixture.withClient(settings) {
                        await $0.delete(try Fixture.request(to: server.url))
                    }
                    #expect(answer.verdict == .confirmed(lastModified: nil))
                    #expect(proxy.heads.count == 1)
                }
            }
        }
    }

    @Test("is reached with the proxy's password, which only the proxy sees")
    func password() async throws {
        try await TunnelProxy.withProxy { proxy in
            try await Fixture.withNode(Fixture.node(), Self.settings(proxy, user: "me:pass@")) { node, client in
                _ = await client.delete(try Fixture.request(to: node.url))
                #expect(proxy.heads.first?.contains("Proxy-Authorization: Basic bWU6cGFzcw==") == true)
            }
        }
    }

    @Test("is reached without it where NO_PROXY says so")
    func excepted() async throws {
        try await TunnelProxy.withProxy { proxy in
            try await Fixture.withNode(Fixture.node(), Self.settings(proxy, except: "127.0.0.1")) { node, client in
                let answer = await client.delete(try Fixture.request(to: node.url))
                #expect(answer.verdict == .confirmed(lastModified: 0))
                #expect(proxy.heads.isEmpty)
            }
        }
    }

    @Test(
        "is not reached, and gets nothing, if the proxy refuses",
        arguments: ["403 Forbidden", "407 Proxy Authentication Required", "502 Bad Gateway"]
    )
    func refused(status: String) async throws {
        try await TunnelProxy.withProxy(refusal: status) { proxy in
            try await Fixture.withNode(Fixture.node(), Self.settings(proxy)) { node, client in
                let answer = await client.delete(try Fixture.request(to: node.url))
                let what = "the proxy refused: status \(status.prefix(3))"
                #expect(answer.verdict == .unreachable(what: what, sent: false))
                let sent = node.log.counters.requests
                #expect(sent == 0)
            }
        }
    }
}
