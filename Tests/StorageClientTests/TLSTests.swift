import Foundation
import NIOCore
import NIOPosix
import NIOSSL
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
                guard case .unreachable(let what, sent: false) = refused.verdict else {
                    Issue.record("\(refused.verdict)")
                    return
                }
                #expect(what.contains("certificate is not accepted; see --ca-file"))
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

    @Test("is not spoken to if it knows no TLS from 1.2 on", arguments: [TLSVersion.tlsv11, .tlsv12, .tlsv13])
    func oldVersion(version: TLSVersion) async throws {
        try await Certificate.with(names: "IP:127.0.0.1") { certificate in
            var server = certificate.configuration
            server.minimumTLSVersion = .tlsv1
            server.maximumTLSVersion = version
            server.cipherSuites = "ALL"
            let context = try NIOSSLContext(configuration: server)
            try await WireServer.withServer(tls: context, { _ in Self.answer }) { server in
                let trusting = Fixture.settings { $0.caFile = certificate.file }
                let answer = try await Fixture.withClient(trusting) {
                    await $0.delete(try Fixture.request(to: server.url))
                }
                if version == .tlsv11 {
                    #expect(answer.verdict == .unreachable(what: "TLS handshake failed", sent: false))
                    #expect(server.requests.isEmpty)
                    // The server is not at fault: who takes old versions is served.
                    #expect(try await Self.canShakeHands(with: server.port, trusting: certificate.file))
                } else {
                    #expect(answer.verdict == .confirmed(lastModified: nil))
                }
            }
        }
    }

    /// Whether a client succeeds that takes TLS from 1.0 on.
    private static func canShakeHands(with port: Int, trusting file: String) async throws -> Bool {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv1
        configuration.cipherSuites = "ALL"
        configuration.trustRoots = .file(file)
        let context = try NIOSSLContext(configuration: configuration)
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let handler = try NIOSSLClientHandler(context: context, serverHostname: nil)
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .get()
        // A write ends when the handshake is done.
        let isWritten = (try? await channel.writeAndFlush(ByteBuffer(string: "GET"))) != nil
        try? await channel.close()
        return isWritten
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
