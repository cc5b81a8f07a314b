import Foundation
import Purging
import Sandbox
import StorageClient
import Testing

@Suite("A node behind TLS", .timeLimit(.minutes(1)))
struct TLSTests {
    private static let answer = WireServer.Reply.bytes(Fixture.head("200 OK", "X-Weave-Timestamp: 1.00"))

    @Test("is not trusted if its certificate signs itself, and nothing is sent; it is if the file says so")
    func selfSigned() async throws {
        try await Certificate.with(names: "IP:127.0.0.1") { certificate in
            try await WireServer.withServer(tls: certificate.context, { _ in Self.answer }) { server in
                let request = try Fixture.request(to: server.url)
                let refused = try await Fixture.withClient { await $0.delete(request) }
                #expect(refused.verdict == .unreachable(what: "TLS handshake failed", sent: false))
                #expect(server.requests.isEmpty)
                let trusting = Fixture.settings { $0.caFile = certificate.file }
                let accepted = try await Fixture.withClient(trusting) { await $0.delete(request) }
                #expect(accepted.verdict == .confirmed(lastModified: nil))
                #expect(server.requests.count == 1)
            }
        }
    }

    @Test("is not trusted if its certificate is for another host", arguments: ["DNS:node.example", "IP:127.0.0.2"])
    func otherHost(names: String) async throws {
        try await Certificate.with(names: names) { certificate in
            try await WireServer.withServer(tls: certificate.context, { _ in Self.answer }) { server in
                let trusting = Fixture.settings { $0.caFile = certificate.file }
                let answer = try await Fixture.withClient(trusting) {
                    await $0.delete(try Fixture.request(to: server.url))
                }
                guard case .unreachable(_, sent: false) = answer.verdict else {
                    Issue.record("\(answer.verdict)")
                    return
                }
                #expect(server.requests.isEmpty)
            }
        }
    }

    @Test("is not reached if it speaks plainly")
    func plain() async throws {
        try await Fixture.withNode { node, client in
            let answer = await client.delete(try Fixture.request(to: "https://127.0.0.1:\(node.port)"))
            guard case .unreachable(_, sent: false) = answer.verdict else {
                Issue.record("\(answer.verdict)")
                return
            }
            let carriedOut = node.log.counters.deletesConfirmed
            #expect(carriedOut == 0)
        }
    }

    @Test("is not reached if its handshake takes too long")
    func slowHandshake() async throws {
        try await WireServer.withServer({ _ in .bytes("") }) { server in
            let settings = Fixture.settings { $0.connectTimeout = .milliseconds(200) }
            let answer = try await Fixture.withClient(settings) {
                await $0.delete(try Fixture.request(to: "https://127.0.0.1:\(server.port)"))
            }
            guard case .unreachable(_, sent: false) = answer.verdict else {
                Issue.record("\(answer.verdict)")
                return
            }
        }
    }

    @Test(
        "needs a file of authorities that holds some",
        arguments: [nil, "", "no certificate", "-----BEGIN CERTIFICATE-----"]
    )
    func unusableFile(content: String?) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "authorities-\(UUID()).pem").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        try content?.write(toFile: file, atomically: true, encoding: .utf8)
        let settings = Fixture.settings { $0.caFile = file }
        let error = #expect(throws: CertificateFileError.self) {
            try HTTPStorageNodeClient(secret: Fixture.secret(), settings: settings, time: TestTime())
        }
        #expect(error?.file == file)
    }
}
