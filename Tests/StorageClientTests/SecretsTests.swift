import Purging
import Sandbox
import SyncTokens
import Testing

@testable import StorageClient

@Suite("What can be printed", .timeLimit(.minutes(1)))
struct SecretsTests {
    @Test("holds neither the secret, nor a token, nor the account, nor a password")
    func printed() async throws {
        let proxies = try ProxyRules(environment: ["HTTP_PROXY": "http://me:proxy-password@127.0.0.1:1"])
        let settings = Fixture.settings { $0.proxies = proxies }
        let signer = RequestSigner(secret: Fixture.secret())
        let signed = try signer.sign(Fixture.request(to: "http://node.example"), now: Fixture.now)
        let hawk = try HawkHeader(parsing: signed.authorization)
        var texts: [String] = []
        func look(_ value: some Any) {
            texts += ["\(value)", String(reflecting: value)]
            var dumped = ""
            dump(value, to: &dumped)
            texts.append(dumped)
        }
        try await Fixture.withClient(settings) { client in
            look(settings)
            look(proxies)
            look(signer)
            look(signed)
            texts += ["\(client)", String(reflecting: client)]
            look(await client.delete(try Fixture.request(to: "http://127.0.0.1:1")))
        }
        for fault in [Fault(.status(401)), Fault(.status(500)), Fault(.close), Fault(.garbage(.bytes))] {
            try await Fixture.withNode(Fixture.node(fault)) { node, client in
                look(await client.delete(try Fixture.request(to: node.url)))
            }
        }
        let error = #expect(throws: ProxyRules.ParsingError.self) {
            try ProxyRules(environment: ["HTTP_PROXY": "socks5://me:proxy-password@127.0.0.1:1"])
        }
        look(try #require(error))
        let secrets = [
            Fixture.secretText, Fixture.fxaUID, "proxy-password", hawk.id, hawk.mac, signed.hawkKey,
            signed.authorization,
        ]
        for text in texts {
            #expect(!secrets.contains { text.contains($0) }, "\(text)")
        }
    }
}
