import TokenserverStore

/// How far TLS is asked for, as MySQL's own programs understand it; each mode is stricter than the one before.
package enum MySQLTLSMode: String, Sendable, CaseIterable, Comparable {
    case disabled = "DISABLED"
    /// TLS if the server has it.
    case preferred = "PREFERRED"
    case required = "REQUIRED"
    /// The certificate's chain ends at `ssl-ca`. With Connector/C from 3.4 on the host's name is verified too, as it
    /// can't do the one without the other.
    case verifyCA = "VERIFY_CA"
    /// And it names the host.
    case verifyIdentity = "VERIFY_IDENTITY"

    package static func < (left: MySQLTLSMode, right: MySQLTLSMode) -> Bool {
        guard let first = allCases.firstIndex(of: left), let second = allCases.firstIndex(of: right) else {
            return false
        }
        return first < second
    }
}

/// What the parameters of a URL say about TLS, in whatever order. The strictest counts.
struct MySQLTLSWishes {
    var mode: MySQLTLSMode?
    /// `require_ssl`, `verify_ca` and `verify_identity` as mysql_async has them: the first asks for the others too,
    /// unless they are turned off.
    var requiresTLS: Bool?
    var verifiesAuthority: Bool?
    var verifiesIdentity: Bool?

    /// - Throws: when the wishes contradict each other, or no authority is named to verify with.
    func mode(hasAuthority: Bool) throws(DatabaseURLError) -> MySQLTLSMode {
        var asked: [MySQLTLSMode] = []
        if requiresTLS == true {
            asked.append(.required)
            if verifiesAuthority != false { asked.append(verifiesIdentity == false ? .verifyCA : .verifyIdentity) }
        }
        if verifiesAuthority == true { asked.append(.verifyCA) }
        if verifiesIdentity == true { asked.append(.verifyIdentity) }
        if mode == .disabled {
            guard asked.isEmpty else {
                throw DatabaseURLError(
                    problem: "the MySQL URL turns TLS off by ssl-mode and asks for it by another parameter",
                    remedy: "leave one of them out"
                )
            }
            return .disabled
        }
        // Whoever names an authority wants it to count.
        if hasAuthority { asked.append(.verifyCA) }
        let strictest = (asked + [mode ?? .preferred]).max() ?? .preferred
        if strictest >= .verifyCA, !hasAuthority {
            throw DatabaseURLError(
                problem: "the MySQL URL asks to verify the server's certificate, but names no authority",
                remedy: "add ssl-ca=FILE; the file of the system's authorities will do for a public one"
            )
        }
        return strictest
    }
}
