package import Foundation
import Synchronization

/// A private database server of a test, on 127.0.0.1, with data of its own in a temporary folder.
///
/// It ends, and its folder goes, when the last reference to it goes, or at the latest when the process ends, even
/// when that is killed.
package final class DatabaseServer: Sendable {
    package enum Kind: String, Sendable, CaseIterable {
        case mariadb, mysql, postgres

        /// Its name.
        package var product: String {
            switch self {
            case .mariadb: "MariaDB"
            case .mysql: "MySQL"
            case .postgres: "PostgreSQL"
            }
        }
    }

    /// A server that did not start, with the end of what it wrote to its log.
    package struct StartFailed: Error, CustomStringConvertible {
        package let description: String
    }

    private struct State {
        var run: ServerRun?
        var port = 0
        var processID: Int32 = 0
    }

    package let kind: Kind

    /// Holds `tls/ca.pem` (the authority behind the server's certificate for localhost and 127.0.0.1), `server.log`,
    /// and the server's sockets.
    package let folder: URL

    private let arguments: [String]
    private let state = Mutex(State())

    private init(kind: Kind, folder: URL, arguments: [String]) {
        self.kind = kind
        self.folder = folder
        self.arguments = arguments
    }

    deinit {
        TemporaryFolders.discard(folder, usedBy: state.withLock { $0.run })
    }

    /// The TCP port; the same after `restart()`.
    package var port: Int { state.withLock { $0.port } }

    /// The server's own process, or its first one for PostgreSQL; another one after `restart()`.
    package var processID: Int32 { state.withLock { $0.processID } }

    /// The server's process and those it made: with PostgreSQL every connection has its own. To be signalled all
    /// together, such as with SIGSTOP to make a server that says nothing more.
    package var processIDs: [Int32] {
        let first = processID
        let children = try? String(contentsOfFile: "/proc/\(first)/task/\(first)/children", encoding: .utf8)
        return [first] + (children ?? "").split(separator: " ").compactMap { Int32($0) }
    }

    package var certificateAuthority: URL { folder.appending(path: "tls/ca.pem") }

    /// The folder that PostgreSQL's clients take for a host.
    package var socketFolder: URL { folder }

    package var socketPath: String {
        switch kind {
        case .mariadb, .mysql: folder.appending(path: "\(kind.rawValue).sock").path
        case .postgres: folder.appending(path: ".s.PGSQL.\(port)").path
        }
    }

    /// Where the server is reached over TCP.
    ///
    /// - Parameter parameters: What follows the question mark, as it is.
    package func url(
        database: String,
        user: String = "admin",
        password: String = "admin",
        parameters: String = ""
    ) -> String {
        let scheme =
            switch kind {
            case .mariadb, .mysql: "mysql"
            case .postgres: "postgres"
            }
        let login = "\(Self.escaped(user)):\(Self.escaped(password))"
        let query = parameters.isEmpty ? "" : "?\(parameters)"
        return "\(scheme)://\(login)@127.0.0.1:\(port)/\(Self.escaped(database))\(query)"
    }

    private static func escaped(_ text: String) -> String {
        var plain = CharacterSet(charactersIn: "-._~")
        plain.insert(charactersIn: "a"..."z")
        plain.insert(charactersIn: "A"..."Z")
        plain.insert(charactersIn: "0"..."9")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? text
    }
}

// MARK: - Starting and ending

extension DatabaseServer {
    private static let sharedServers = Mutex<[Kind: Task<DatabaseServer, any Error>]>([:])

    /// The server that all tests of this process share, with TLS, started when first asked for.
    ///
    /// - Throws: `StartFailed` to everybody who asks, when it did not start.
    package static func shared(_ kind: Kind) async throws -> DatabaseServer {
        let starting = sharedServers.withLock { servers in
            if let known = servers[kind] { return known }
            let starting = Task { try await start(kind) }
            servers[kind] = starting
            return starting
        }
        return try await starting.value
    }

    /// Starts a server of the caller's own.
    ///
    /// - Parameter options: The server's own options, such as `--max-connections=5` for MariaDB and MySQL, and `-c`,
    ///   `max_connections=5` for PostgreSQL. They win over the ones that make a test's server quick and careless.
    /// - Throws: `StartFailed` when it is not there within a minute.
    package static func start(_ kind: Kind, tls: Bool = true, options: [String] = []) async throws -> DatabaseServer {
        let folder = try TemporaryFolders.make()
        let careless =
            switch kind {
            case .mariadb: ["--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--debug-no-sync"]
            case .mysql:
                ["--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync", "--skip-innodb-doublewrite"]
            case .postgres: ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
            }
        let server = DatabaseServer(
            kind: kind,
            folder: folder,
            arguments: [kind.rawValue, folder.path, "--temporary"] + (tls ? [] : ["--no-tls"]) + ["--"] + careless
                + options
        )
        try await server.restart()
        return server
    }

    /// Starts a PostgreSQL server that replicates another one, as a hot standby.
    ///
    /// - Throws: `StartFailed` when the data can't be copied, or it is not there within a minute.
    package static func startStandby(of primary: DatabaseServer) async throws -> DatabaseServer {
        let folder = try TemporaryFolders.make()
        let copy = Process()
        copy.executableURL = URL(filePath: "/bin/sh")
        // The server's own account must be able to enter.
        copy.arguments = [
            "-c",
            """
            PATH="$PATH:$(printf '%s:' /usr/lib/postgresql/*/bin)" && PGPASSWORD=admin pg_basebackup --pgdata="$0/data" \
            --write-recovery-conf --checkpoint=fast --no-sync --username=admin --host=127.0.0.1 --port="$1" && \
            if [ "$(id -u)" = 0 ]; then chown -R --reference="$2/data" "$0"; fi
            """,
            folder.path, String(primary.port), primary.folder.path,
        ]
        let errors = Pipe()
        copy.standardError = errors
        try copy.run()
        let text = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        copy.waitUntilExit()
        guard copy.terminationStatus == 0 else { throw StartFailed(description: "pg_basebackup: \(text)") }
        let server = DatabaseServer(
            kind: .postgres,
            folder: folder,
            arguments: ["postgres", folder.path, "--temporary", "--", "-c", "fsync=off"]
        )
        try await server.restart()
        return server
    }

    /// Ends the server in order, so that it has written everything; returns when it has ended. `restart()` may follow.
    package func stop() async {
        guard let run = state.withLock({ $0.run }) else { return }
        run.terminate()
        await run.ended()
    }

    /// Ends the server and its connections by SIGKILL; returns when it has ended. `restart()` may follow.
    package func kill() async {
        guard let run = state.withLock({ $0.run }), !run.hasEnded else { return }
        // The first process goes first, lest it replace the others; these are listed before they lose their parent.
        for process in processIDs { Foundation.kill(process, SIGKILL) }
        await run.ended()
    }

    /// Starts the server again on the same data and port, after `stop()` or `kill()`.
    ///
    /// - Throws: `StartFailed` when it is not there within a minute, or is running already.
    package func restart() async throws {
        let run = try state.withLock { state in
            if let earlier = state.run, !earlier.hasEnded {
                throw StartFailed(description: "The server is running already.")
            }
            let run = try ServerRun(arguments: arguments)
            state.run = run
            TemporaryFolders.note(folder, usedBy: run)
            return run
        }
        let (port, processID) = try await run.ready()
        state.withLock { state in
            state.port = port
            state.processID = processID
        }
    }
}
