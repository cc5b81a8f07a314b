import Testing
import TokenserverStore

@testable import PostgresDriver

@Suite("PostgreSQL's errors")
struct PostgresErrorTests {
    private func kind(_ error: SQLError) -> String {
        switch error {
        case .busy: "busy"
        case .interrupted: "interrupted"
        case .unreachable: "unreachable"
        case .refused: "refused"
        case .denied: "denied"
        case .failed: "failed"
        }
    }

    private func circumstances(
        isReadOnly: Bool = false,
        wasInterrupted: Bool = false
    ) -> PostgresErrors.Circumstances {
        PostgresErrors.Circumstances(name: "database", isReadOnly: isReadOnly, wasInterrupted: wasInterrupted)
    }

    @Test(
        "of statements are sorted by their code",
        arguments: [
            ("40001", "busy"), ("40P01", "busy"), ("55P03", "busy"), ("57014", "busy"), ("08006", "unreachable"),
            ("57P01", "unreachable"), ("57P02", "unreachable"), ("57P03", "unreachable"), ("57P05", "unreachable"),
            ("53300", "unreachable"), ("25006", "unreachable"), ("25P03", "unreachable"), ("42501", "denied"),
            ("42P01", "failed"), ("25P02", "failed"), ("XX000", "failed"),
        ]
    )
    func states(_ state: String, _ expected: String) {
        let error = PostgresErrors.classified(state, "some\nwords", circumstances())
        #expect(kind(error) == expected)
        #expect(error.description.hasSuffix("some; words (SQLSTATE \(state))"))
    }

    @Test("depend on who asked for what happened")
    func circumstances() {
        #expect(PostgresErrors.classified("57014", "words", circumstances(wasInterrupted: true)) == .interrupted)
        #expect(kind(PostgresErrors.classified("25006", "words", circumstances(isReadOnly: true))) == "failed")
    }

    @Test("never repeat a value", arguments: ["22P02", "22003", "P0001"])
    func values(_ state: String) {
        #expect(
            !PostgresErrors.classified(state, "wrong: \"hunter2\"", circumstances()).description.contains("hunter2")
        )
    }

    private static let at = "connection to server at \"h\", port 5432 failed: "

    @Test(
        "at connecting are sorted by code, whatever the server's language, or else by libpq's words",
        arguments: [
            (at + "FATAL:  28P01: password authentication failed for user \"u\"", "refused"),
            (at + "FATAL:  28P01: Passwort-Authentifizierung für Benutzer »u« fehlgeschlagen", "refused"),
            (at + "FATAL:  3D000: database \"d\" does not exist", "refused"),
            (at + "FATAL:  53300: sorry, too many clients already", "unreachable"),
            (at + "FATAL:  57P03: the database system is starting up", "unreachable"),
            (at + "server does not support SSL, but SSL was required", "refused"),
            (at + "SSL error: certificate verify failed", "refused"),
            (at + "SSL SYSCALL error: EOF detected", "unreachable"),
            (at + "SSL error: unexpected eof while reading", "unreachable"),
            ("connection to server at \"certificate\", port 1 failed: Connection refused", "unreachable"),
            (at + "SSL error: certificate verify failed\n" + at + "Connection refused", "unreachable"),
            (at + "Connection refused\n" + at + "FATAL:  28P01: no", "refused"),
            (at + "session is read-only", "unreachable"),
            (at + "fe_sendauth: no password supplied", "refused"),
            ("could not translate host name \"name.invalid\" to address: Name or service not known", "unreachable"),
            ("definition of service \"x\" not found", "refused"),
            ("timeout expired", "unreachable"),
        ]
    )
    func connecting(_ message: String, _ expected: String) {
        #expect(kind(PostgresLogin.error(message, name: "database")) == expected)
    }

    @Test("at connecting are told in one line, with the code at its end")
    func connectingText() {
        let message = Self.at + "FATAL:  28P01: no\nDETAIL:  secret\nLOCATION:  auth_failed, auth.c:335\n"
        let text = #"can't connect to the database: connection to server at "h", port 5432 failed: FATAL: no"#
        #expect(PostgresLogin.error(message, name: "database") == .refused("\(text) (SQLSTATE 28P01)"))
    }
}
