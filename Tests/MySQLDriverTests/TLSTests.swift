import DatabaseServers
import Foundation
import Testing
import TokenserverStore

@Suite("TLS to MySQL")
struct TLSTests {
    private static func cipher(_ url: String) async throws -> String {
        let connection = try await Fixture.connect(url)
        let row = try #require(try await connection.rows("SHOW STATUS LIKE 'Ssl_cipher'").first)
        return try row.text(1)
    }

    private static func url(_ server: DatabaseServer, host: String = "127.0.0.1", _ parameters: String) -> String {
        server.url(database: "mysql", parameters: parameters).replacing("@127.0.0.1:", with: "@\(host):")
    }

    @Test(
        "is used unless turned off",
        arguments: Fixture.kinds,
        [
            (parameters: "", isUsed: true), (parameters: "ssl-mode=disabled", isUsed: false),
            (parameters: "ssl-mode=required", isUsed: true),
        ]
    )
    func used(_ kind: DatabaseServer.Kind, _ use: (parameters: String, isUsed: Bool)) async throws {
        let server = try await DatabaseServer.shared(kind)
        #expect(try await Self.cipher(Self.url(server, use.parameters)).isEmpty == !use.isUsed)
    }

    @Test("verifies the chain, and the host's name, as far as asked", arguments: Fixture.kinds)
    func verified(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.start(kind, options: ["--bind-address=127.0.0.1,127.0.0.2"])
        let right = server.certificateAuthority.path
        let wrong = try await DatabaseServer.shared(kind).certificateAuthority.path
        // By VERIFY_CA alone a server might yet get the password in the clear, so MySQL's usual method is refused.
        let modes = kind == .mysql ? ["VERIFY_IDENTITY"] : ["VERIFY_CA", "VERIFY_IDENTITY"]
        if kind == .mysql {
            let refusal = await Fixture.refusal(Self.url(server, "ssl-mode=VERIFY_CA&ssl-ca=\(right)"))
            #expect(refusal?.kind == .refused && refusal?.description.contains("VERIFY_IDENTITY") == true)
        }
        for mode in modes {
            #expect(try await !Self.cipher(Self.url(server, "ssl-mode=\(mode)&ssl-ca=\(right)")).isEmpty)
            #expect(
                try await !Self.cipher(Self.url(server, host: "localhost", "ssl-mode=\(mode)&ssl-ca=\(right)")).isEmpty
            )
            let refusal = await Fixture.refusal(Self.url(server, "ssl-mode=\(mode)&ssl-ca=\(wrong)"))
            #expect(refusal?.kind == .refused, "\(mode) \(String(describing: refusal))")
            let missing = await Fixture.refusal(Self.url(server, "ssl-mode=\(mode)&ssl-ca=/nowhere/ca.pem"))
            #expect(missing?.kind == .refused, "\(mode) \(String(describing: missing))")
        }
        // The certificate names localhost and 127.0.0.1.
        if kind == .mariadb {
            let byAddress = Self.url(server, host: "127.0.0.2", "ssl-mode=VERIFY_CA&ssl-ca=\(right)")
            #expect(try await !Self.cipher(byAddress).isEmpty)
        }
        let name = await Fixture.refusal(
            Self.url(server, host: "127.0.0.2", "ssl-mode=VERIFY_IDENTITY&ssl-ca=\(right)")
        )
        #expect(name?.kind == .refused, "\(String(describing: name))")
        for parameters in [
            "require_ssl=true&ssl-ca=\(wrong)", "ssl-mode=PREFERRED&ssl-ca=\(wrong)",
            "ssl-ca=\(wrong)&ssl-mode=REQUIRED", "ssl-ca=\(wrong)&ssl-mode=preferred",
        ] {
            let refusal = await Fixture.refusal(Self.url(server, parameters))
            #expect(refusal?.kind == .refused, "\(parameters) \(String(describing: refusal))")
        }
        let skipped = Self.url(server, "require_ssl=true&verify_ca=false&verify_identity=false")
        #expect(try await !Self.cipher(skipped).isEmpty)
    }

    @Test("that a server does not have is missed only where it is required", arguments: Fixture.kinds)
    func missing(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.start(kind, tls: false)
        let authority = try await DatabaseServer.shared(kind).certificateAuthority.path
        for parameters in ["", "ssl-mode=PREFERRED", "ssl-mode=DISABLED"] {
            #expect(try await Self.cipher(Self.url(server, parameters)).isEmpty)
        }
        for parameters in [
            "ssl-mode=REQUIRED", "ssl-mode=VERIFY_CA&ssl-ca=\(authority)",
            "ssl-mode=VERIFY_IDENTITY&ssl-ca=\(authority)",
            "require_ssl=true&ssl-ca=\(authority)", "ssl-ca=\(authority)",
        ] {
            let refusal = await Fixture.refusal(Self.url(server, parameters))
            #expect(refusal?.kind == .refused, "\(parameters) \(String(describing: refusal))")
        }
    }
}
