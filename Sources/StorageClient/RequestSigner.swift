import Purging
import SyncTokens

/// Signs a DELETE as the user whose data it is: the token that Tokenserver would have made, and a Hawk header. Every
/// call makes a new token and nonce.
struct RequestSigner: Sendable {
    /// How long a token is valid, in seconds.
    private static let tokenLife = 300.0

    let secret: MasterSecret

    struct Signed {
        /// Path of the request line.
        let path: String
        let authorization: String
        /// The key of the header, by which a challenge can be verified.
        let hawkKey: String
    }

    /// - Parameter now: the node's clock as far as it is known, in seconds since 1970.
    func sign(_ request: DeleteRequest, now: Double) throws(HawkError) -> Signed {
        var random = SystemRandomNumberGenerator()
        let claims = TokenClaims(
            uid: request.uid.rawValue,
            node: request.target.text,
            fxaUID: request.fxaUID,
            fxaKID: request.key.text,
            salt: TokenClaims.randomSalt(using: &random),
            expires: now + Self.tokenLife
        )
        let token = SyncToken.make(claims, secret: secret)
        let endpoint = request.target.endpoint(uid: request.uid.rawValue)
        let header = try HawkHeader.sign(
            HawkRequest(
                method: "DELETE",
                path: endpoint.path,
                host: request.target.host,
                port: request.target.port
            ),
            id: token.text,
            key: token.hawkKey,
            timestamp: Int64(now),
            nonce: HawkHeader.randomNonce(using: &random)
        )
        return Signed(path: endpoint.path, authorization: header.authorization, hawkKey: token.hawkKey)
    }
}

extension RequestSigner.Signed: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    var description: String { "<redacted>" }
    var debugDescription: String { description }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
