import DatabaseServers
import Testing
import TokenserverStore

@testable import PostgresDriver

@Suite("A PostgreSQL session")
struct PostgresSessionTests {
    @Test("gives whole numbers and booleans as integers, all else as text, and nulls")
    func types() async throws {
        let connection = try await Postgres.connect()
        let rows = try await connection.query(
            """
            SELECT 1::int2, 2::int4, 9223372036854775807, 4::numeric, 5.00::numeric, 6::oid, true, false, \
            'wörd'::text, 'c'::varchar, '(0,1)'::tid, 1.5::numeric, NULL::int4, NULL::text
            """
        )
        let row = try #require(rows.first)
        for (column, value) in [1, 2, Int64.max, 4, 5, 6, 1, 0].enumerated() {
            #expect(try row.integer(column) == value)
        }
        for (column, text) in ["wörd", "c", "(0,1)", "1.5"].enumerated() { #expect(try row.text(8 + column) == text) }
        #expect(try row.optionalInteger(12) == nil)
        #expect(throws: SQLError.self) { try row.text(13) }
    }

    @Test("binds integers, texts and nulls, also in turn in the same statement")
    func bindings() async throws {
        let connection = try await Postgres.connect()
        try await Postgres.withTable { table in
            for value in [SQLValue.integer(.min), .null, .text("7"), .integer(3)] {
                let rows = try await connection.query("SELECT \(value)")
                #expect(rows.count == 1)
            }
            #expect(try await connection.execute("UPDATE \(sql: table) SET value = \(SQLValue.null) WHERE id = 1") == 1)
            #expect(try await connection.execute("UPDATE \(sql: table) SET value = \(9) WHERE id = 1") == 1)
            #expect(try await connection.execute("UPDATE \(sql: table) SET value = \(9) WHERE id > \(0)") == 2)
            #expect(try await connection.execute("DELETE FROM \(sql: table) WHERE id = \(77)") == 0)
        }
        let text = "it's \"quoted\" \\ and $1 wörd 🦊"
        #expect(try await connection.query("SELECT \(text)").first?.text(0) == text)
        #expect(await connection.failure("SELECT \("a\0b")").isFailed)
        #expect(try await connection.query("SELECT \(text)").count == 1)
    }

    @Test("takes long lists, and long results")
    func longLists() async throws {
        let connection = try await Postgres.connect()
        let ids = (1...4096).map(Int64.init)
        for _ in 0..<3 {
            let rows = try await connection.query("SELECT n FROM generate_series(1, 5000) n WHERE n IN \(list: ids)")
            #expect(rows.count == 4096)
        }
        let long = try await connection.query("SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
        #expect(long.count == 20000)
        let large = String(repeating: "y", count: 20_000_000)
        #expect(try await connection.query("SELECT length(\(large))").first?.integer(0) == 20_000_000)
    }

    @Test("is of use after an error, and tells it in one line without values")
    func errors() async throws {
        let connection = try await Postgres.connect()
        for statement in ["SELEKT 1", "SELECT * FROM missing WHERE id = \(1)"] as [SQLStatement] {
            let error = await connection.failure(statement)
            #expect(error.isFailed)
            #expect(error?.description.contains("\n") == false)
            #expect(error?.description.contains("(SQLSTATE 42") == true)
        }
        let error = await connection.failure("SELECT \("hunter2")::text::int")
        #expect(error == .failed("the server refused a value (SQLSTATE 22P02)"))
        #expect(try await connection.query("SELECT 1").first?.integer(0) == 1)
    }

    @Test("fails in a transaction until it is rolled back")
    func failedTransaction() async throws {
        let connection = try await Postgres.connect()
        try await connection.withSession { session in
            try session.execute("BEGIN")
            #expect(throws: SQLError.self) { try session.execute("SELECT 1 / \(0)") }
            #expect(throws: SQLError.self) { try session.query("SELECT 1") }
            try session.execute("ROLLBACK")
            #expect(try session.query("SELECT 1").count == 1)
        }
    }

    @Test("notices that a table was altered")
    func alteredTable() async throws {
        let connection = try await Postgres.connect(readOnly: true)
        let owner = try await Postgres.connect()
        try await Postgres.withTable { table in
            #expect(try await connection.query("SELECT * FROM \(sql: table) WHERE id = \(1)").count == 1)
            try await owner.execute("ALTER TABLE \(sql: table) ALTER value TYPE TEXT")
            #expect(try await connection.query("SELECT * FROM \(sql: table) WHERE id = \(1)").first?.text(1) == "0")
        }
    }

    @Test(
        "has the settings that are promised in its transactions, also against those of its role",
        arguments: [true, false]
    )
    func settings(readOnly: Bool) async throws {
        let role = Postgres.freshName("role")
        let owner = try await Postgres.connect()
        try await owner.execute("CREATE ROLE \(sql: role) LOGIN PASSWORD 'p@ss:/wörd?#%'")
        for setting in [
            "default_transaction_read_only = \(readOnly ? "off" : "on")", "statement_timeout = 0",
            "timezone = 'Asia/Tokyo'",
            "default_transaction_isolation = 'serializable'", "client_encoding = 'latin1'", "lock_timeout = 0",
        ] {
            try await owner.execute("ALTER ROLE \(sql: role) SET \(sql: setting)")
        }
        let url = try await DatabaseServer.shared(.postgres)
            .url(database: "postgres", user: role, password: "p@ss:/wörd?#%")
        let connection = try await Postgres.connect(url, readOnly: readOnly, statementTimeout: .seconds(7))
        // What is promised, and what the session has all the same.
        for (name, value, outside) in [
            ("statement_timeout", "7s", "0"), ("lock_timeout", "2s", "0"), ("enable_seqscan", "off", "on"),
            ("enable_bitmapscan", "off", "on"), ("idle_in_transaction_session_timeout", "1min", "0"),
            ("jit", "off", "on"),
            ("max_parallel_workers_per_gather", "0", "2"),
            ("transaction_isolation", "read committed", "serializable"),
            ("transaction_read_only", readOnly ? "on" : "off", readOnly ? "off" : "on"),
            ("client_encoding", "UTF8", "UTF8"), ("application_name", "purge-old-records", "purge-old-records"),
        ] {
            let question: SQLStatement = "SELECT current_setting(\(name))"
            let inside = try await connection.withSession { session in
                if !readOnly { try session.begin() }
                defer { if !readOnly { _ = try? session.execute("COMMIT") } }
                return try session.query(question)
            }
            #expect(try inside.first?.text(0) == value, "\(name)")
            if !readOnly {
                let plain = try await connection.query(question)
                #expect(try plain.first?.text(0) == outside, "\(name)")
            }
        }
        let names = try await connection.query(
            "SELECT application_name FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        )
        #expect(try names.first?.text(0) == "purge-old-records")
        let named = try await Postgres.connect(parameters: "application_name=other")
        #expect(try await named.query("SELECT current_setting('application_name')").first?.text(0) == "other")
    }

    @Test("can't write if it is to read only, and says so as a failure")
    func readOnly() async throws {
        try await Postgres.withTable { table in
            let connection = try await Postgres.connect(readOnly: true)
            #expect(await connection.failure("DELETE FROM \(sql: table)").isFailed)
            #expect(await connection.failure("CREATE TABLE \(sql: table)_2 (id INT)").isFailed)
            #expect(try await connection.query("SELECT * FROM \(sql: table)").count == 2)
        }
    }

    @Test("tells of a missing privilege in the server's words")
    func missingPrivilege() async throws {
        let role = Postgres.freshName("role")
        try await Postgres.connect().execute("CREATE ROLE \(sql: role) LOGIN PASSWORD 'x'")
        try await Postgres.withTable { table in
            let url = try await DatabaseServer.shared(.postgres).url(database: "postgres", user: role, password: "x")
            let error = await (try Postgres.connect(url)).failure("DELETE FROM \(sql: table)")
            #expect(error == .denied("permission denied for table \(table) (SQLSTATE 42501)"))
        }
    }
}
