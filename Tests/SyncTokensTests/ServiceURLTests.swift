import SyncTokens
import Testing

@Suite struct ServiceURLTests {
    struct Good: Sendable {
        let text: String
        let secure: Bool
        let host: String
        let port: Int
        let url: String
        let path: String

        init(_ text: String, _ secure: Bool, _ host: String, _ port: Int, _ url: String, _ path: String) {
            (self.text, self.secure, self.host, self.port, self.url, self.path) = (text, secure, host, port, url, path)
        }
    }

    @Test(arguments: [
        Good("http://a", false, "a", 80, "http://a/1.5/7", "/1.5/7"),
        Good("https://a", true, "a", 443, "https://a/1.5/7", "/1.5/7"),
        Good("https://a/", true, "a", 443, "https://a/1.5/7", "/1.5/7"),
        Good("https://a//", true, "a", 443, "https://a/1.5/7", "/1.5/7"),
        Good("http://a:1", false, "a", 1, "http://a:1/1.5/7", "/1.5/7"),
        Good("http://a:443/", false, "a", 443, "http://a:443/1.5/7", "/1.5/7"),
        Good("https://a:65535", true, "a", 65535, "https://a:65535/1.5/7", "/1.5/7"),
        Good("HTTPS://Node.Example", true, "node.example", 443, "HTTPS://Node.Example/1.5/7", "/1.5/7"),
        Good("http://node.example./", false, "node.example.", 80, "http://node.example./1.5/7", "/1.5/7"),
        Good("http://sync_1-a.b", false, "sync_1-a.b", 80, "http://sync_1-a.b/1.5/7", "/1.5/7"),
        Good("http://127.0.0.1:8000", false, "127.0.0.1", 8000, "http://127.0.0.1:8000/1.5/7", "/1.5/7"),
        Good("http://a/base/Path/", false, "a", 80, "http://a/base/Path/1.5/7", "/base/Path/1.5/7"),
        Good("http://a:8/b%20c//d;e=~", false, "a", 8, "http://a:8/b%20c//d;e=~/1.5/7", "/b%20c//d;e=~/1.5/7"),
        Good("http://a/b@c:d", false, "a", 80, "http://a/b@c:d/1.5/7", "/b@c:d/1.5/7"),
        Good("http://[::1]", false, "[::1]", 80, "http://[::1]/1.5/7", "/1.5/7"),
        Good(
            "https://[2001:DB8::A]:8443/x",
            true,
            "[2001:db8::a]",
            8443,
            "https://[2001:DB8::A]:8443/x/1.5/7",
            "/x/1.5/7"
        ),
        Good("http://[1:2:3:4:5:6:7:8]:9", false, "[1:2:3:4:5:6:7:8]", 9, "http://[1:2:3:4:5:6:7:8]:9/1.5/7", "/1.5/7"),
        Good("http://[::ffff:10.0.0.1]", false, "[::ffff:10.0.0.1]", 80, "http://[::ffff:10.0.0.1]/1.5/7", "/1.5/7"),
        Good("http://[1:2:3:4:5:6:7::]", false, "[1:2:3:4:5:6:7::]", 80, "http://[1:2:3:4:5:6:7::]/1.5/7", "/1.5/7"),
        Good("http://[1::]", false, "[1::]", 80, "http://[1::]/1.5/7", "/1.5/7"),
    ])
    func `A base URL is taken apart`(good: Good) throws {
        let service = try ServiceURL(good.text)
        #expect(service.text == good.text)
        #expect(service.isSecure == good.secure)
        #expect(service.host == good.host)
        #expect(service.port == good.port)
        #expect(service.pathPrefix + "/1.5/7" == good.path)
        let endpoint = service.endpoint(uid: 7)
        #expect(endpoint.url == good.url)
        #expect(endpoint.path == good.path)
    }

    @Test(
        arguments: [
            ("", .unsupportedScheme), ("node.example", .unsupportedScheme), ("//node.example", .unsupportedScheme),
            ("ftp://a", .unsupportedScheme), ("http:/a", .unsupportedScheme), ("httpss://a", .unsupportedScheme),
            ("http://", .emptyHost), ("http:///path", .emptyHost), ("http://:80", .emptyHost),
            ("http://user@a", .userInfo), ("http://u:p@a:80/x", .userInfo), ("http://@a", .userInfo),
            ("http://a?", .query), ("http://a/?x=1", .query), ("http://a#", .fragment), ("http://a/b#c", .fragment),
            (" http://a", .forbiddenCharacter), ("http://a ", .forbiddenCharacter), ("http://a\n", .forbiddenCharacter),
            ("http://a/b c", .forbiddenCharacter), ("http://a\u{0}", .forbiddenCharacter),
            ("http://é", .forbiddenCharacter),
            ("http://a/\u{7f}", .forbiddenCharacter), ("http://a\r\n", .forbiddenCharacter),
            ("http://a:", .invalidPort), ("http://a:0", .invalidPort), ("http://a:65536", .invalidPort),
            ("http://a:080", .invalidPort), ("http://a:+80", .invalidPort), ("http://a:-1", .invalidPort),
            ("http://a:http", .invalidPort), ("http://a:80:80", .invalidPort), ("http://::1", .emptyHost),
            ("http://[::1]:", .invalidPort), ("http://[::1]80", .invalidHost), ("http://[::1", .invalidHost),
            ("http://[]", .invalidHost), ("http://[a]", .invalidHost), ("http://[1::2::3]", .invalidHost),
            ("http://[:::]", .invalidHost), ("http://[1:2:3:4:5:6:7]", .invalidHost),
            ("http://[fe80::1%25eth0]", .invalidHost),
            ("http://[1:2:3:4:5:6:7:8:9]", .invalidHost), ("http://[12345::]", .invalidHost),
            ("http://[1:2:3:4::5:6:7:8]", .invalidHost),
            ("http://[::1.2.3]", .invalidHost), ("http://[::256.1.1.1]", .invalidHost),
            ("http://[1.2.3.4::]", .invalidHost),
            ("http://a..b", .invalidHost), ("http://.", .invalidHost), ("http://.a", .invalidHost),
            ("http://a%41", .invalidHost),
            ("http://a\\b", .invalidHost), ("http://a,b", .invalidHost), ("http://*", .invalidHost),
            ("http://a/b%2", .invalidPath), ("http://a/%zz", .invalidPath), ("http://a/b\"c", .invalidPath),
            ("http://a/b\\c", .invalidPath), ("http://a/<>", .invalidPath), ("http://a/../b", .invalidPath),
            ("http://a/b/.", .invalidPath), ("http://a/%2E%2e/b", .invalidPath), ("http://a/.%2e", .invalidPath),
        ] as [(String, ServiceURLError)]
    )
    func `A URL that can't be a node's is refused with its fault`(text: String, fault: ServiceURLError) {
        #expect(throws: fault) { try ServiceURL(text) }
    }

    @Test func `The complaint about a URL never shows its password`() {
        for text in [
            "http://user:hunter2@a", "ftp://user:hunter2@a", "http://user:hunter2@a?", "http://user:hunter2 @a",
        ] {
            let error = #expect(throws: ServiceURLError.self) { try ServiceURL(text) }
            #expect(error.map { "\($0)\(String(reflecting: $0))" }?.contains("hunter2") == false)
        }
    }

    @Test func `A host to connect to has no brackets`() throws {
        #expect(try ServiceURL("http://[::1]:80").connectHost == "::1")
        #expect(try ServiceURL("http://Node.Example").connectHost == "node.example")
    }
}
