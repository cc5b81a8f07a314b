@testable import StorageClient
import SyncTokens
import Testing

@Suite("The proxy variables")
struct ProxyRulesTests {
    private static let both = ["HTTP_PROXY": "http://plain.example:3128", "HTTPS_PROXY": "http://secure.example:3129"]

    @Test("name no proxy if they are not there, or empty", arguments: [[:], ["HTTP_PROXY": "", "https_proxy": ""]])
    func none(environment: [String: String]) throws {
        let rules = try ProxyRules(environment: environment)
        #expect(rules.forHTTP == nil && rules.forHTTPS == nil)
        #expect(rules.proxy(for: try ServiceURL("http://node.example")) == nil)
    }

    @Test("name one proxy for each scheme")
    func schemes() throws {
        let rules = try ProxyRules(environment: Self.both)
        #expect(rules.proxy(for: try ServiceURL("http://node.example"))?.description == "plain.example:3128")
        #expect(rules.proxy(for: try ServiceURL("https://node.example"))?.description == "secure.example:3129")
    }

    @Test(
        "count in lower case first, even to say that there is none",
        arguments: [("http://low.example:1", "low.example:1"), ("", nil)]
    )
    func lowerCase(value: String, proxy: String?) throws {
        let rules = try ProxyRules(environment: ["HTTP_PROXY": "http://up.example:2", "http_proxy": value])
        #expect(rules.forHTTP?.description == proxy)
    }

    @Test(
        "take a proxy's URL, or less of it",
        arguments: [
            ("proxy.example", "proxy.example", 80, nil, nil),
            ("proxy.example:3128", "proxy.example", 3128, nil, nil),
            ("HTTP://Proxy.example:3128/", "Proxy.example", 3128, nil, nil),
            ("http://10.0.0.1:3128", "10.0.0.1", 3128, nil, nil),
            ("http://[::1]:3128", "::1", 3128, nil, nil),
            ("http://me:p%40ss@proxy.example", "proxy.example", 80, "me", "p@ss"),
        ] as [(String, String, Int, String?, String?)]
    )
    func proxyURL(text: String, host: String, port: Int, user: String?, password: String?) throws {
        let proxy = try #require(try ProxyRules(environment: ["HTTP_PROXY": text]).forHTTP)
        #expect(proxy.host == host && proxy.port == port && proxy.user == user && proxy.password == password)
    }

    @Test(
        "are wrong if they name no proxy that we can use, and the error does not repeat them",
        arguments: [
            "socks5://proxy.example:1", "https://proxy.example", "http://", "http://:80", "a b", "p:0", "p:65536",
        ]
    )
    func wrong(text: String) throws {
        let error = #expect(throws: ProxyRules.ParsingError.self) {
            try ProxyRules(environment: ["https_proxy": text])
        }
        #expect(error?.variable == "HTTPS_PROXY")
    }

    @Test(
        "except nodes",
        arguments: [
            ("*", "http://node.example", true),
            ("node.example", "http://node.example", true),
            ("NODE.Example", "http://Node.EXAMPLE/sync", true),
            ("other.example, node.example ,", "http://node.example", true),
            ("other.example,,", "http://node.example", false),
            ("example", "http://node.example", true),
            ("example", "https://a.b.example", true),
            (".example", "http://node.example", true),
            (".node.example", "http://node.example", true),
            ("ode.example", "http://node.example", false),
            ("node.example", "http://xnode.example", false),
            ("node.example", "http://node.example.org", false),
            ("node.example:8000", "http://node.example:8000", true),
            ("node.example:8000", "http://node.example:8001", false),
            ("node.example:8000", "http://node.example", false),
            ("node.example:80", "http://node.example", true),
            ("node.example:443", "https://node.example", true),
            ("example:8000", "http://node.example:8000", true),
            ("10.0.0.1", "http://10.0.0.1:8000", true),
            ("10.0.0.1:8000", "http://10.0.0.1:8000", true),
            ("10.0.0.1", "http://10.0.0.11", false),
            ("10.0.0.0/8", "http://10.1.2.3:8000", true),
            ("10.0.0.0/8", "http://11.1.2.3", false),
            ("10.1.2.3/32", "http://10.1.2.3", true),
            ("10.1.2.3/32", "http://10.1.2.2", false),
            ("10.0.0.0/33", "http://10.0.0.0", false),
            ("10.0.0.0/8", "http://10.example", false),
            ("::1", "http://[::1]:8000", true),
            ("[::1]", "http://[::1]:8000", true),
            ("[::1]:8000", "http://[::1]:8000", true),
            ("[::1]:8001", "http://[::1]:8000", false),
            ("::1", "http://[2001:db8::1]", false),
            ("", "http://node.example", false),
            (".", "http://node.example", false),
        ]
    )
    func exceptions(list: String, node: String, isExcepted: Bool) throws {
        for name in ["NO_PROXY", "no_proxy"] {
            let rules = try ProxyRules(environment: Self.both.merging([name: list]) { $1 })
            #expect((rules.proxy(for: try ServiceURL(node)) == nil) == isExcepted)
        }
    }
}
