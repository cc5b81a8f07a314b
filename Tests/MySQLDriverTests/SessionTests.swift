import DatabaseServers
import Foundation
import Synchronization
import Testing
import TokenserverStore

@Suite("A MySQL session")
struct SessionTests {
    @Test("gives and takes every kind of value", arguments: Fixture.kinds)
    func values(_ kind: DatabaseServer.Kind) async throws {
        try await Fixture.withDatabase(kind) { url, _ in
            let connection = try await Fixture.connect(url)
            try await connection.run(
                """
                CREATE TABLE kinds (tiny TINYINT, yes BOOLEAN, small SMALLINT UNSIGNED, medium MEDIUMINT, whole INT, \
                big BIGINT, huge BIGINT UNSIGNED, decimal_whole DECIMAL(30, 0), year YEAR, \
                name VARCHAR(255), long_text MEDIUMTEXT, fraction DECIMAL(10, 2), bytes VARBINARY(20)) CHARACTER SET utf8mb4
                """
            )
            let long = String(repeating: "wörd💥", count: 40000)
            let big = Int64.max
            let row: SQLStatement = """
                INSERT INTO kinds VALUES (\(-7), \(1), \(65535), \(-8_388_608), \(Int(Int32.min)), \(big), \(big), \
                \(Int64.min), \(2026), \("🦊'\\\""), \(long), \("12.50"), \("ab"))
                """
            #expect(try await connection.run(row) == 1)
            #expect(try await connection.run("INSERT INTO kinds (big, name) VALUES (\(SQLValue.null), \(""))") == 1)
            let columns = "tiny, yes, small, medium, whole, big, huge, decimal_whole, year"
            // By the text protocol, and by the binary one.
            for condition: SQLStatement in ["tiny IS NOT NULL", "tiny = \(-7)"] {
                let whole = try await connection.rows("SELECT \(sql: columns) FROM kinds WHERE \(condition)")
                let integers = try (0..<9).map { try #require(whole.first).integer($0) }
                #expect(integers == [-7, 1, 65535, -8_388_608, Int64(Int32.min), big, big, .min, 2026])
                let texts = try await connection.rows(
                    "SELECT name, long_text, fraction, bytes, NOW(3) FROM kinds WHERE \(condition)"
                )
                let text = try #require(texts.first)
                #expect(try text.text(0) == "🦊'\\\"")
                #expect(try text.text(1) == long)
                #expect(try text.text(2) == "12.50")
                #expect(try text.text(3) == "ab")
                #expect(try text.text(4).count == 23)
            }
            for condition: SQLStatement in ["tiny IS NULL", "name = \("")"] {
                let row = try #require(
                    try await connection.rows("SELECT \(sql: columns), name FROM kinds WHERE \(condition)").first
                )
                for column in 0..<9 { #expect(try row.optionalInteger(column) == nil) }
                #expect(try row.text(9) == "")
            }
        }
    }

    @Test("never makes another number of one that is too large, or not whole", arguments: Fixture.kinds)
    func tooLarge(_ kind: DatabaseServer.Kind) async throws {
        let connection = try await Fixture.connect(try await DatabaseServer.shared(kind).url(database: "mysql"))
        for condition: SQLStatement in ["1 = 1", "1 = \(1)"] {
            let row = try #require(
                try await connection.rows("SELECT 18446744073709551615, 1.50, SUM(2) FROM DUAL WHERE \(condition)")
                    .first
            )
            #expect(try row.text(0) == "18446744073709551615")
            #expect(try row.text(1) == "1.50")
            #expect(try row.integer(2) == 2)
        }
    }

    @Test("takes long lists and gives many rows, again and again", arguments: Fixture.kinds)
    func lists(_ kind: DatabaseServer.Kind) async throws {
        try await Fixture.withDatabase(kind) { url, _ in
            let connection = try await Fixture.connect(url)
            try await connection.run("CREATE TABLE numbers (n BIGINT PRIMARY KEY, name VARCHAR(50))")
            try await connection.run("INSERT INTO numbers VALUES (1, 'n1')")
            // Doubled as often as it takes.
            while try await connection.integer("SELECT COUNT(*) FROM numbers") < 10000 {
                try await connection.run(
                    """
                    INSERT INTO numbers SELECT n + c, CONCAT('n', n + c) FROM numbers, \
                    (SELECT COUNT(*) c FROM numbers) counted WHERE n + c <= 10000
                    """
                )
            }
            for count in [1, 3, 3000, 4096] {
                let wanted = (1...count).map(Int64.init)
                let rows = try await connection.rows(
                    "SELECT n, name FROM numbers WHERE n IN \(list: wanted) ORDER BY n"
                )
                #expect(try rows.map { try $0.integer(0) } == wanted)
                #expect(try rows.last?.text(1) == "n\(count)")
                let named = try await connection.integer(
                    "SELECT COUNT(*) FROM numbers WHERE name IN \(list: wanted.map { "n\($0)" })"
                )
                #expect(named == Int64(count))
            }
            #expect(try await connection.rows("SELECT n, name FROM numbers").count == 10000)
            // The rows found count, not the rows that came out different.
            #expect(try await connection.run("UPDATE numbers SET name = name WHERE n <= \(10)") == 10)
            #expect(try await connection.run("UPDATE numbers SET name = name WHERE n <= 10") == 10)
            #expect(try await connection.run("DELETE FROM numbers WHERE n <= \(10)") == 10)
        }
    }

    @Test("commits, rolls back, and goes on after errors", arguments: Fixture.kinds)
    func transactions(_ kind: DatabaseServer.Kind) async throws {
        try await Fixture.withDatabase(kind) { url, _ in
            let connection = try await Fixture.connect(url)
            try await connection.run("CREATE TABLE t (n INT PRIMARY KEY, name VARCHAR(10))")
            try await connection.run("START TRANSACTION")
            try await connection.run("INSERT INTO t VALUES (\(1), \("one"))")
            try await connection.run("ROLLBACK")
            #expect(try await connection.integer("SELECT COUNT(*) FROM t") == 0)
            try await connection.withSession { session in
                try session.execute("START TRANSACTION")
                try session.execute("INSERT INTO t VALUES (\(1), \("hunter2"))")
                try session.execute("COMMIT")
            }
            #expect(try await connection.integer("SELECT COUNT(*) FROM t") == 1)
            // The server's texts would repeat the value.
            let broken: [SQLStatement] = [
                "INSERT INTO t VALUES (\(1), \("twice"))", "INSERT INTO t VALUES (\("hunter2"), \("x"))",
                "INSERT INTO t VALUES (\(2), \("hunter2 and too long"))", "SELEKT \("hunter2")",
                "SELECT nothing FROM t",
                "SELECT CAST(\("hunter2") AS INT) FROM missing", "SIGNAL SQLSTATE '45000'",
            ]
            for statement in broken {
                let error = await Fixture.error { try await connection.run(statement) }
                #expect(error?.kind == .failed, "\(String(describing: error))")
                #expect(error?.description.contains("(\(kind.product) error ") == true)
            }
            try await connection.run("ALTER TABLE t ADD UNIQUE (name)")
            let duplicate = await Fixture.error { try await connection.run("INSERT INTO t VALUES (2, \("hunter2"))") }
            #expect(duplicate?.kind == .failed)
            #expect(try await connection.integer("SELECT COUNT(*) FROM t WHERE n = \(1)") == 1)
        }
    }

    @Test("is set up as promised, and names the program", arguments: Fixture.kinds, [false, true])
    func settings(_ kind: DatabaseServer.Kind, _ readOnly: Bool) async throws {
        let server = try await DatabaseServer.shared(kind)
        let connection = try await Fixture.connect(
            server.url(database: "mysql"),
            readOnly: readOnly,
            statementTimeout: .milliseconds(12500)
        )
        let prefix = kind == .mariadb ? "tx" : "transaction"
        let limit =
            kind == .mariadb ? "CAST(@@max_statement_time * 10 AS INT)" : "CAST(@@max_execution_time DIV 100 AS SIGNED)"
        let row = try #require(
            try await connection.rows(
                """
                SELECT @@\(sql: prefix)_isolation, @@character_set_client, @@character_set_connection, \
                @@character_set_results, @@autocommit, @@innodb_lock_wait_timeout, @@lock_wait_timeout, \
                @@\(sql: prefix)_read_only, \(sql: limit), @@sql_mode
                """
            ).first
        )
        #expect(
            try (0..<4).map { try row.text($0) } == ["READ-COMMITTED", "utf8mb4", "utf8mb4", "utf8mb4"]
        )
        // Who only reads does so in transactions that can't write; behind a proxy, somebody else may get the session.
        #expect(try (4..<9).map { try row.integer($0) } == [1, 1, 5, 0, 125])
        #expect(try row.text(9).contains("STRICT_ALL_TABLES"))
        let own = try await connection.text(
            "SELECT info FROM information_schema.processlist WHERE id = CONNECTION_ID()"
        )
        #expect(own.hasPrefix("/* purge-old-records */ "))
        let bound = try await connection.text(
            "SELECT info FROM information_schema.processlist WHERE id = CONNECTION_ID() AND \(1) = 1"
        )
        #expect(bound.hasPrefix("/* purge-old-records */ "))
    }
}
