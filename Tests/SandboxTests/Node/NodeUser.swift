import SyncTokens

/// Somebody who signs requests to a node; every part of a signature can be falsified.
struct NodeUser {
    static let secret = TestSecret.value

    var uid: Int64 = 7
    var fxaUID = "0123456789abcdef0123456789abcdef"
    var keyID = "0000000001234-AAAAAAAAAAAAAAAAAAAAAA"
    /// Seconds since 1970.
    var now: Double = 1_700_000_000
    var lifetime: Double = 300
    var secret = NodeUser.secret
    var nonce = "nonce"

    /// An `Authorization` header for a request with this path, on the node with this URL.
    func authorization(
        _ method: String,
        _ path: String,
        node: String,
        host: String = "127.0.0.1",
        port: Int,
        signedAt timestamp: Double? = nil
    ) throws -> String {
        let claims = TokenClaims(
            uid: uid,
            node: node,
            fxaUID: fxaUID,
            fxaKID: keyID,
            salt: "abcdef",
            expires: now + lifetime
        )
        let token = SyncToken.make(claims, secret: secret)
        let request = HawkRequest(method: method, path: path, host: host, port: port)
        return try HawkHeader.sign(
            request,
            id: token.text,
            key: token.hawkKey,
            timestamp: Int64(timestamp ?? now),
            nonce: nonce
        ).authorization
    }
}
