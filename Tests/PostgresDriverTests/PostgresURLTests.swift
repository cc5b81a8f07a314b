import Testing
import TokenserverStore

@testable import PostgresDriver

@Suite("A PostgreSQL URL")
struct PostgresURLTests {
    @Test(
        "is read as libpq reads it",
        arguments: [
            ("postgres://sync:p%40ss%2Fw%3F@db.example:5433/tokenserver", ["password": "p@ss/w?", "port": "5433"]),
            ("postgresql://db.example/tokenserver", ["host": "db.example", "dbname": "tokenserver"]),
            ("postgresql+psycopg2://sync@[::1]:5433/tokenserver", ["host": "::1", "user": "sync"]),
            ("POSTGRES://a:1,b:2/tokenserver?target_session_attrs=read-write", ["host": "a,b", "port": "1,2"]),
            ("postgres:///tokenserver?host=/run/postgresql", ["host": "/run/postgresql", "dbname": "tokenserver"]),
            ("postgres://%2Frun%2Fpostgresql/tokenserver", ["host": "/run/postgresql"]),
            ("postgres://h/d?sslmode=verify-full&sslrootcert=/etc/ca.pem", ["sslrootcert": "/etc/ca.pem"]),
            ("postgres://h/d?ssl=true", ["sslmode": "require"]),
            ("postgres://h/?service=tokenserver", ["service": "tokenserver"]),
            ("postgres://h/d?user=me@example.com", ["user": "me@example.com"]),
        ]
    )
    func read(_ url: String, _ expected: [String: String]) throws {
        let parameters = try PostgresURL(url).parameters
        for (keyword, value) in expected { #expect(parameters[keyword] == value) }
    }

    @Test(
        "gives the database a name without a password",
        arguments: [
            ("postgres://u:hunter2@db.example/sync", "PostgreSQL database sync at db.example:5432"),
            ("postgres://u:hunter2@[::1]:5433/sync", "PostgreSQL database sync at [::1]:5433"),
            ("postgres://a,b:2/sync", "PostgreSQL database sync at a:5432, b:2"),
            ("postgres://a,b/sync?port=7", "PostgreSQL database sync at a:7, b:7"),
            ("postgres://a/sync?port=", "PostgreSQL database sync at a:5432"),
            ("postgres:///sync?host=/run/postgresql", "PostgreSQL database sync at /run/postgresql"),
            ("postgres://u:hunter2@a/?service=main&dbname=sync", "PostgreSQL database sync (service main) at a:5432"),
        ]
    )
    func name(_ url: String, _ name: String) throws {
        #expect(try PostgresConnector(url: url).name == name)
    }

    @Test(
        "is refused if it is wrong, with the reason and without its values",
        arguments: [
            ("postgres:u:hunter2@h/d", "no //"),
            ("postgres://u:hunter2@h", "names no database"),
            ("postgres://u:hunter2@h/", "names no database"),
            ("postgres://u:%zzhunter2@h/d", "can't be read"),
            ("postgres://u:x@hunter2@h/d", "an @ or / in"),
            ("postgres://u:x?y@hunter2@h/d", "an @ or / in"),
            ("postgres://u:12/hunter2@h/d", "an @ or / in"),
            ("postgres://u:hunter2/x@h/d", "an @ or / in"),
            ("postgres://u:hunter2@h/d?sslmod=require", "libpq doesn't know: sslmod"),
            ("postgres://u:hunter2@h/d?sslmode=hunter2", "unknown sslmode"),
            ("postgres://u:hunter2@h/d?target_session_attrs=hunter2", "unknown target_session_attrs"),
            ("postgres://u:hunter2@h/d?connect_timeout=hunter2", "connect_timeout"),
            ("postgres://u:hunter2@h:99999/d", "port"),
            ("postgres://u:hunter2@h:0/d", "port"),
            ("postgres://u:hunter2@a,b/d?port=1,2,3", "3 ports for 2 hosts"),
            ("postgres://u:hunter2@h/d%00", "NUL"),
        ]
    )
    func wrong(_ url: String, _ problem: String) throws {
        let error = try #require(throws: DatabaseURLError.self) { try PostgresConnector(url: url) }
        #expect(error.problem.contains(problem))
        #expect(!error.remedy.isEmpty)
        #expect(!"\(error)".contains("hunter2"))
    }
}
