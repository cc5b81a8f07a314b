import Foundation
@testable import Monitoring
import NIOCore
import Testing

@Suite("The HTTP server for those who watch", .serialized)
struct MonitoringServerTests {
    private func withServer(
        _ limits: ServerLimits = ServerLimits(),
        _ body: (MonitoringServer, World) async throws -> Void
    ) async throws {
        let world = World()
        let server = try await MonitoringServer.start(
            host: "127.0.0.1",
            port: 0,
            limits: limits,
            monitor: world.monitor
        )
        do {
            try await body(server, world)
        } catch {
            await server.stop()
            throw error
        }
        await server.stop()
    }

    private func answer(_ port: Int, _ request: String) throws -> String {
        let client = try #require(RawClient(port: port))
        client.send(request)
        return client.receiveAll()
    }

    private func expectAlive(_ port: Int) throws {
        let answer = try answer(port, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(answer.contains("alive"))
    }

    @Test(
        "on loopback answers only who asks by an address, localhost or a name it was given, so that no web page can read it"
    )
    func hosts() async throws {
        let world = World()
        let server = try await MonitoringServer.start(
            host: "127.0.0.1",
            port: 0,
            names: ["Purge.example.com"],
            monitor: world.monitor
        )
        for host in [
            "localhost", "LOCALHOST:9464", "127.0.0.1", "127.0.0.1:9464", "[::1]", "[::1]:9464", "10.1.2.3",
            "[fe80::1]:1",
            "purge.example.com", "purge.EXAMPLE.com:8443",
        ] {
            let answer = try answer(server.port, "GET /status HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 "), "\(host): \(answer.prefix(100))")
        }
        for host in [
            "rebind.example", "rebind.example:9464", "localhost.rebind.example", "127.0.0.1.rebind.example",
            "[::1].rebind.example",
            "", ":80", "[::1", "127.0.0.1:x", "purge.example.com.", "localhost\r\nHost: rebind.example",
        ] {
            for path in ["/", "/status", "/metrics", "/livez"] {
                let answer = try answer(server.port, "GET \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
                #expect(
                    answer.hasPrefix("HTTP/1.1 421 ") || answer.hasPrefix("HTTP/1.1 400 "),
                    "\(host): \(answer.prefix(100))"
                )
                #expect(!answer.contains("purge_") && !answer.contains("state"), "\(host)")
            }
        }
        await server.stop()
        // Where others may connect, the network decides.
        let open = try await MonitoringServer.start(host: "0.0.0.0", port: 0, monitor: world.monitor)
        #expect(
            try answer(open.port, "GET /status HTTP/1.1\r\nHost: purge.sync.svc\r\n\r\n").hasPrefix("HTTP/1.1 200 ")
        )
        await open.stop()
    }

    @Test(
        "answers each path once and closes",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 OK", "<!doctype html>"),
            ("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 OK", "# HELP purge_build_info"),
            ("GET /metrics?x=1 HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK", "# HELP purge_build_info"),
            ("GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 OK", "\"state\":\"beginning\""),
            ("GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 OK", "alive"),
            ("GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 503 ", "not asked yet"),
            ("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 404 ", "there are /"),
            ("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc", "HTTP/1.1 405 ", "Allow: GET, HEAD"),
            ("DELETE /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 405 ", "changes nothing"),
            ("this is no HTTP at all\r\n\r\n", "HTTP/1.1 400 ", "Connection: close"),
            ("GET / HTTP/9.9\r\nNonsense\r\n\r\n", "HTTP/1.1 400 ", "no HTTP request"),
        ]
    )
    func answers(request: String, status: String, content: String) async throws {
        try await withServer { server, _ in
            let answer = try answer(server.port, request)
            #expect(answer.hasPrefix(status), "\(answer.prefix(200))")
            #expect(answer.contains(content), "\(answer.prefix(2000))")
        }
    }

    @Test("HEAD has the head of the answer, and no body")
    func head() async throws {
        try await withServer { server, _ in
            let answer = try answer(server.port, "HEAD /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK"))
            #expect(answer.hasSuffix("\r\n\r\n"))
            #expect(!answer.contains("Content-Length: 0"))
        }
    }

    @Test("a client that closes its half after the request gets the whole answer")
    func halfClosed() async throws {
        try await withServer { server, _ in
            let client = try #require(RawClient(port: server.port))
            client.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            client.endSending()
            let answer = client.receiveAll()
            #expect(answer.hasSuffix("</html>\n"), "\(answer.suffix(100))")
            // And one that closes it without a request gets none, at once.
            let silent = try #require(RawClient(port: server.port))
            silent.endSending()
            #expect(silent.receiveAll().isEmpty)
        }
    }

    @Test("a client that sends its request a byte at a time is gone when its time is over")
    func slow() async throws {
        var limits = ServerLimits()
        limits.lifetime = .seconds(1)
        try await withServer(limits) { server, _ in
            let client = try #require(RawClient(port: server.port))
            client.send("GET / HT")
            #expect(client.receiveAll().isEmpty)
            // Others are served meanwhile and afterwards.
            try expectAlive(server.port)
        }
    }

    @Test("more silent connections than there is room for don't keep anyone else out")
    func silent() async throws {
        var limits = ServerLimits()
        limits.connections = 4
        try await withServer(limits) { server, _ in
            let silent = (0..<20).compactMap { _ in RawClient(port: server.port) }
            #expect(silent.count == 20)
            try expectAlive(server.port)
            // Until here they stayed open.
            withExtendedLifetime(silent) {}
        }
    }

    @Test("connections beyond the rate wait for their turn, and all get it")
    func rate() async throws {
        var limits = ServerLimits()
        limits.rate = 50
        limits.burst = 5
        try await withServer(limits) { server, _ in
            let begin = ContinuousClock.now
            for _ in 0..<25 {
                try expectAlive(server.port)
            }
            // 5 at once, and one every 20 ms: what a burst accepts in one go may run up a small debt.
            #expect(ContinuousClock.now - begin >= .milliseconds(300))
        }
    }

    @Test("an address that is taken is named, with what to do")
    func taken() async throws {
        try await withServer { server, world in
            let error = await #expect(throws: ListenError.self) {
                _ = try await MonitoringServer.start(host: "127.0.0.1", port: server.port, monitor: world.monitor)
            }
            #expect(error?.description.contains("another program listens there") == true)
        }
    }
}
