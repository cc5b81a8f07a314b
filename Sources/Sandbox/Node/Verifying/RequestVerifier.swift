import SyncTokens

/// Checks that a request was signed by somebody who may act as a user of this node.
struct RequestVerifier: Sendable {
    let secret: MasterSecret
    /// How far the signature's time may be from the node's, either way, in seconds.
    let maximumClockSkew: Double
    /// The nonces seen; nil when a request may be replayed.
    let nonces: NonceMemory?

    /// The claims of the request's token, verified.
    ///
    /// - Parameters:
    ///   - target: path and query as they came.
    ///   - authority: host and port as they came in the header `Host`.
    ///   - authorization: the header as it came.
    ///   - publicURL: the node that the token has to name.
    ///   - now: seconds since 1970 by the node's clock.
    func verify(
        method: String,
        target: String,
        authority: String?,
        authorization: String?,
        publicURL: String,
        now: Double
    ) throws(VerificationFailure) -> TokenClaims {
        guard let authorization else { throw .unsigned }
        let header: HawkHeader
        do {
            header = try HawkHeader(parsing: authorization)
        } catch {
            throw .header(error.description)
        }
        let claims: TokenClaims
        let token: SyncToken
        do {
            (claims, token) = try SyncToken.verify(header.id, secret: secret, now: now)
        } catch {
            throw .token(error.description)
        }
        guard claims.node == publicURL else { throw .otherNode }
        guard abs(Double(header.timestamp) - now) <= maximumClockSkew else { throw .clockSkew }
        let (host, port) = Self.split(authority ?? "", defaultPort: publicURL.hasPrefix("https:") ? 443 : 80)
        let request = HawkRequest(method: method, path: target, host: host, port: port)
        guard header.verify(request, key: token.hawkKey) else { throw .signature }
        // Last, so that nobody can spoil a nonce who could not have used it.
        if let nonces, !nonces.insert("\(header.timestamp) \(header.nonce) \(header.mac)") { throw .replay }
        return claims
    }

    /// Host and port of a `Host` header; an IPv6 address keeps its brackets.
    static func split(_ authority: String, defaultPort: Int) -> (host: String, port: Int) {
        guard let colon = authority.lastIndex(of: ":"), let port = Int(authority[authority.index(after: colon)...])
        else { return (authority, defaultPort) }
        return (String(authority[..<colon]), port)
    }
}
