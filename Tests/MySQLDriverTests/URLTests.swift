import MySQLDriver
import Testing
import TokenserverStore

@Suite("A MySQL URL")
struct URLTests {
    @Test("names a place, a user, a password and a database")
    func parts() throws {
        let url = try MySQLURL(
            "mysql+pymysql://us%40er:p%3A%2F%40%25%C3%B6%3f@db.example:3307/sync%20db?charset=utf8mb4"
        )
        #expect([url.user, url.password, url.host, url.database] == ["us@er", "p:/@%ö?", "db.example", "sync db"])
        #expect(url.port == 3307 && url.socket == nil && url.tlsMode == .preferred && url.connectTimeout == 10)
        let bare = try MySQLURL("mariadb://user@host/db")
        #expect([bare.user, bare.password, bare.host] == ["user", "", "host"] && bare.port == 3306)
        #expect(try MySQLURL("mysql:///db").host == "localhost")
        #expect(try MySQLURL("mysql://u:p@[::1]:33/db").host == "::1")
        #expect(try MySQLURL("mysql://u:p@w@host/db").password == "p@w")
        #expect(try MySQLURL("mysql://u:p?w@host/db").password == "p?w")
    }

    @Test(
        "names a socket in each of three ways",
        arguments: [
            "mysql://u:p@%2Frun%2Fa%40b.sock/db", "mysql://u:p@/db?unix_socket=/run/a@b.sock",
            "mysql://u:p@localhost/db?Socket=%2Frun%2Fa%40b.sock", "mysql://u:p@localhost/db?UNIX-SOCKET=/run/a@b.sock",
        ]
    )
    func socket(_ text: String) throws {
        let url = try MySQLURL(text)
        #expect(url.socket == "/run/a@b.sock")
        #expect([url.user, url.password, url.database] == ["u", "p", "db"])
    }

    @Test(
        "asks for TLS as the strictest of its parameters does",
        arguments: [
            ("", .preferred), ("ssl-mode=disabled", .disabled), ("SSL_MODE=Required", .required),
            ("ssl-ca=/a", .verifyCA), ("ssl-ca=/a&ssl-mode=PREFERRED", .verifyCA),
            ("ssl-mode=REQUIRED&ssl-ca=/a", .verifyCA), ("ssl-mode=verify-identity&ssl-ca=/a", .verifyIdentity),
            ("ssl_ca=/a&require_ssl=true", .verifyIdentity), ("require_ssl=true&ssl-ca=/a", .verifyIdentity),
            ("require_ssl=true&verify_identity=false&ssl-ca=/a", .verifyCA),
            ("verify_ca=false&require_ssl=1", .required), ("require_ssl=false", .preferred),
            ("ssl-mode=DISABLED&ssl-ca=/a", .disabled),
        ] as [(String, MySQLTLSMode)]
    )
    func tls(_ parameters: String, _ mode: MySQLTLSMode) throws {
        #expect(try MySQLURL("mysql://u:p@h/db?\(parameters)").tlsMode == mode)
    }

    @Test("is named without its password")
    func name() throws {
        #expect(try MySQLConnector(url: "mysql://u:hunter2@h/db").name == "MySQL database db at h:3306")
        #expect(try MySQLConnector(url: "mysql://u:hunter2@[::1]:7/db").name == "MySQL database db at [::1]:7")
        #expect(try MySQLConnector(url: "mysql://u:hunter2@%2Fs/db").name == "MySQL database db at /s")
    }

    @Test(
        "is refused with its parameter's name, and without any other part of it",
        arguments: [
            ("mysql://hunter2:hunter2@hunter2/hunter2?hunter2=1", "…"),
            ("mysql://u:hunter2@h/d?colour=hunter2", "colour"),
            ("mysql://u:hunter2@h/d?ssl-mode=hunter2", "ssl-mode"), ("mysql://u:hunter2@h/", "database"),
            ("mysql://u:hunter2@h", "database"), ("mysql://u:hunter2@h/a/hunter2", "database"),
            ("mysql://u:hunter2%zz@h/d", "%"), ("mysql://u:hunter2%00@h/d", "%"),
            ("mysql://u:hunter2@h:hunter2/d", "port"),
            ("mysql://u:hunter2@h:70000/d", "port"), ("mysql://u:hun/ter2@h/d", "port"),
            ("mysql://u:hunter2@[::1/d", "["),
            ("mysql://u:hunter2@h/d?socket=/a&socket=/b", "socket"),
            ("mysql://u:hunter2@h/d?ssl-ca=/a&SSL_CA=/b", "SSL_CA"),
            ("mysql://u:hunter2@h/d?connect_timeout=hunter2", "connect_timeout"),
            ("mysql://u:hunter2@h/d?ssl-ca", "ssl-ca"),
            ("mysql://u:hunter2@h/d?verify_ca=hunter2", "verify_ca"),
            ("mysql://u:hunter2@h/d?ssl-mode=VERIFY_CA", "ssl-ca"),
            ("mysql://u:hunter2@h/d?require_ssl=true", "ssl-ca"), ("mysql://u:hunter2@h/d?ssl-key=/k", "ssl-key"),
            ("mysql://u:hunter2@h/d?ssl-mode=DISABLED&verify_ca=1&ssl-ca=/a", "ssl-mode"), ("mysql:u:hunter2", "//"),
            ("mysql://u:hunter2@h/d#hunter2", "percent-encode"),
        ]
    )
    func refused(_ url: String, _ part: String) {
        do {
            _ = try MySQLConnector(url: url)
            Issue.record("\(url) was taken")
        } catch {
            let text = "\(error.problem); \(error.remedy)"
            #expect(text.contains(part), "\(text)")
            #expect(!text.contains("ter2"), "\(text)")
        }
    }
}
