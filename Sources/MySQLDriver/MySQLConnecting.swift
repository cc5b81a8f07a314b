import CMariaDB
import TokenserverStore

/// Makes connections to the place that a URL names; blocks.
struct MySQLConnecting {
    /// How much longer than the server's own limit an answer may take before the server counts as dead.
    private static let patience: Duration = .seconds(10)

    /// The ways to prove a password by a hash alone.
    private static let hashing = "mysql_native_password,client_ed25519,parsec"
    /// With these the library sends the password itself when it was asked to use TLS, even where the server has none;
    /// when it was not, it encrypts the password with the server's key.
    private static let encrypting = hashing + ",caching_sha2_password,sha256_password"

    let url: MySQLURL
    /// How long a statement may take.
    let timeout: Duration

    /// Whoever stands in the server's place may want the password itself. So where nothing proves the server, or
    /// the library would go on without TLS, only hashes are sent until the server is known to have TLS.
    ///
    /// - Throws: ``SQLError``
    func connection() throws -> UnsafeMutablePointer<MYSQL> {
        do {
            if url.socket != nil { return try open(tls: url.tlsMode != .disabled, plugins: nil) }
            if url.tlsMode == .disabled { return try open(tls: false, plugins: Self.encrypting) }
            if checksIdentity { return try open(tls: true, plugins: nil) }
            do {
                return try openHashingFirst()
            } catch let failure as Failure where failure.code == UInt32(CR_SSL_CONNECTION_ERROR) {
                // A server whose TLS doesn't work is one without it, as long as TLS is only preferred.
                guard url.tlsMode == .preferred, url.certificate == nil else { throw failure }
                return try open(tls: false, plugins: Self.encrypting)
            }
        } catch let failure as Failure {
            throw MySQLErrors.connecting(failure.code, failure.message, to: url.name())
        }
    }

    private func openHashingFirst() throws -> UnsafeMutablePointer<MYSQL> {
        do {
            return try open(tls: true, plugins: Self.hashing)
        } catch let failure as Failure where failure.code == UInt32(CR_PLUGIN_NOT_ALLOWED) {
            // Whoever offered TLS the first time could leave it out the second time, and the library would go on without.
            if url.tlsMode == .verifyCA { throw failure }
            if failure.serverHasTLS { return try open(tls: true, plugins: Self.encrypting) }
            if url.tlsMode != .preferred { throw withoutTLS }
            return try open(tls: false, plugins: Self.encrypting)
        }
    }

    private struct Failure: Error {
        let code: UInt32
        let message: String
        let serverHasTLS: Bool
    }

    private var withoutTLS: SQLError {
        .refused("can't connect to the \(url.name()): TLS is required by ssl-mode, but the server does not offer it")
    }

    /// Whether the library is to verify the host's name besides the chain.
    ///
    /// Connector/C up to 3.3 verifies the chain whenever it is given an authority, and the name on request; from 3.4 on
    /// it verifies either both or nothing, so there VERIFY_CA is as strict as VERIFY_IDENTITY.
    private var checksIdentity: Bool {
        switch url.tlsMode {
        case .verifyIdentity: true
        case .verifyCA: mysql_get_client_version() >= 30400
        case .disabled, .preferred, .required: false
        }
    }

    private func open(tls: Bool, plugins: String?) throws -> UnsafeMutablePointer<MYSQL> {
        guard let connection = mysql_init(nil) else {
            throw SQLError.failed("there is no memory for a connection to the \(url.name())")
        }
        func set(_ option: mysql_option, _ value: String) { mysql_options(connection, option, value) }
        func set(_ option: mysql_option, number: UInt32) {
            withUnsafePointer(to: number) { _ = mysql_options(connection, option, $0) }
        }
        func set(_ option: mysql_option, flag: Bool) {
            withUnsafePointer(to: my_bool(flag ? 1 : 0)) { _ = mysql_options(connection, option, $0) }
        }
        let network = UInt32(clamping: (timeout + Self.patience).components.seconds)
        set(MYSQL_OPT_CONNECT_TIMEOUT, number: url.connectTimeout)
        set(MYSQL_OPT_READ_TIMEOUT, number: network)
        set(MYSQL_OPT_WRITE_TIMEOUT, number: network)
        set(MYSQL_OPT_RECONNECT, flag: false)
        set(MYSQL_OPT_LOCAL_INFILE, number: 0)
        set(MYSQL_SET_CHARSET_NAME, "utf8mb4")
        mysql_options4(connection, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name", "purge-old-records")
        set(MYSQL_OPT_SSL_ENFORCE, flag: tls)
        set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, flag: tls && checksIdentity)
        if let plugins { set(MARIADB_OPT_RESTRICTED_AUTH, plugins) }
        if tls {
            if let authority = url.authority { set(MYSQL_OPT_SSL_CA, authority) }
            if let certificate = url.certificate { set(MYSQL_OPT_SSL_CERT, certificate) }
            if let key = url.key { set(MYSQL_OPT_SSL_KEY, key) }
        }
        // The name localhost would be taken for a socket at a place of the library's choice.
        var transport = url.socket == nil ? MYSQL_PROTOCOL_TCP.rawValue : MYSQL_PROTOCOL_SOCKET.rawValue
        mysql_options(connection, MYSQL_OPT_PROTOCOL, &transport)
        guard
            mysql_real_connect(
                connection,
                url.socket == nil ? url.host : "localhost",
                url.user,
                url.password,
                url.database,
                UInt32(url.port),
                url.socket,
                UInt(CLIENT_FOUND_ROWS)
            ) != nil
        else {
            defer { mysql_close(connection) }
            let failure = StatementFailure(connection)
            throw Failure(
                code: failure.code,
                message: failure.message,
                serverHasTLS: connection.pointee.server_capabilities & UInt(CLIENT_SSL) != 0
            )
        }
        // The library falls back to plain text where a server has no TLS.
        if url.tlsMode >= .required, mysql_get_ssl_cipher(connection) == nil {
            mysql_close(connection)
            throw withoutTLS
        }
        return connection
    }
}
