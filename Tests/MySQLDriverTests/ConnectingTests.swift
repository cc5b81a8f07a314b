import DatabaseServers
import Foundation
import MySQLDriver
import Testing
import TokenserverStore

@Suite("Connecting to MySQL")
struct ConnectingTests {
    @Test("takes any password, over TCP and over the socket", arguments: Fixture.kinds)
    func passwords(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.shared(kind)
        let administration = try await Fixture.connect(server.url(database: "mysql"))
        try await administration.run("DROP USER IF EXISTS 'ö@/user'@'%'")
        try await administration.run("CREATE USER 'ö@/user'@'%' IDENTIFIED BY '\(sql: Fixture.password)'")
        try await administration.run("GRANT ALL ON mysql.* TO 'ö@/user'@'%'")
        let url = server.url(database: "mysql", user: "ö@/user", password: Fixture.password)
        let login = try #require(url.split(separator: "@").first)
        let path = server.socketPath
        let urls = [
            url, url.replacing("127.0.0.1", with: "localhost"), "\(login)@/mysql?unix_socket=\(path)",
            "\(login)@localhost/mysql?socket=\(path)", "\(login)@\(path.replacing("/", with: "%2F"))/mysql",
            "\(login)@\(path.replacing("/", with: "%2F"))/mysql?ssl-mode=DISABLED",
        ]
        for url in urls {
            let connection = try await Fixture.connect(url)
            #expect(try await connection.text("SELECT CURRENT_USER()") == "ö@/user@%")
        }
    }

    @Test("is refused with a wrong password, user or database, and says where", arguments: Fixture.kinds)
    func refused(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.shared(kind)
        let right = server.url(database: "mysql")
        let urls = [
            right.replacing("admin:admin", with: "admin:hunter2"),
            right.replacing("admin:admin", with: "nobody:hunter2"),
            server.url(database: "nowhere"),
        ]
        for url in urls {
            let error = await Fixture.refusal(url)
            #expect(error?.kind == .refused, "\(String(describing: error))")
            let place = "can't connect to the MySQL database \(url.hasSuffix("nowhere") ? "nowhere" : "mysql")"
            #expect(error?.description.hasPrefix("\(place) at 127.0.0.1:\(server.port): ") == true)
            #expect(error?.description.contains(/\(MySQL error \d+\)$/) == true)
        }
    }

    @Test(
        "finds nobody at a closed port, an unknown host or a missing socket",
        arguments: ["name.invalid", "127.0.0.1:1", "[::1]:1", "%2Fnowhere%2Fmysqld.sock"]
    )
    func unreachable(_ host: String) async {
        let error = await Fixture.refusal("mysql://user:hunter2@\(host)/db?connect_timeout=5")
        #expect(error?.kind == .unreachable, "\(String(describing: error))")
    }

    @Test("finds a full server unreachable", arguments: Fixture.kinds)
    func full(_ kind: DatabaseServer.Kind) async throws {
        let server = try await DatabaseServer.start(kind, options: ["--max-connections=10"])
        let url = server.url(database: "mysql")
        try await Fixture.connect(url).run("CREATE USER few@'%' IDENTIFIED BY 'hunter2' WITH MAX_USER_CONNECTIONS 1")
        try await Fixture.connect(url).run("GRANT ALL ON *.* TO few@'%'")
        let few = url.replacing("admin:admin", with: "few:hunter2")
        let first = try await Fixture.connect(few)
        #expect(await Fixture.refusal(few)?.kind == .unreachable)
        #expect(try await first.integer("SELECT 1") == 1)
        var all: [any SQLConnection] = []
        var end: SQLError?
        while end == nil, all.count < 20 {
            do { all.append(try await Fixture.connect(url)) } catch let error as SQLError { end = error }
        }
        #expect(end?.kind == .unreachable)
        #expect(end?.description.contains("Too many connections") == true)
    }

    @Test("gives up a server that does not greet, after the time that the URL gives")
    func silent() async throws {
        let listener = try Listener()
        let begin = ContinuousClock.now
        let error = await Fixture.refusal("mysql://user:hunter2@127.0.0.1:\(listener.port)/db?connect_timeout=1")
        #expect(error?.kind == .unreachable, "\(String(describing: error))")
        #expect(ContinuousClock.now - begin < .seconds(5), "\(ContinuousClock.now - begin)")
    }
}
