import Crypto
import FoundationEssentials

/// A token that a storage node accepts as a Hawk id, and the key that goes with it.
///
/// Whoever has both can act as the user until the token ends: neither is shown when the value is printed.
package struct SyncToken: Hashable, Sendable {
    /// The token: claims and signature in URL-safe base64 with padding.
    package let text: String

    /// The key to sign requests with: this text itself, not the bytes that it could be decoded to.
    package let hawkKey: String

    /// The token that says `claims`, signed with `secret`.
    ///
    /// The same arguments always give the same token, which is the one that Tokenserver would make.
    package static func make(_ claims: TokenClaims, secret: MasterSecret) -> SyncToken {
        var bytes = claims.payload
        bytes.append(contentsOf: secret.signature(of: bytes))
        return SyncToken(
            text: Base64.encode(bytes, alphabet: .urlSafe),
            salt: claims.salt,
            secret: secret
        )
    }

    /// The claims of the token `text`, and the token with its key, if `secret` signed it and it ends after `now`
    /// (seconds since 1970).
    ///
    /// The signature is compared in constant time and before anything is read. A token that has ended is reported as
    /// such even if claims are missing.
    package static func verify(
        _ text: String,
        secret: MasterSecret,
        now: Double
    ) throws(SyncTokenError) -> (claims: TokenClaims, token: SyncToken) {
        guard let bytes = Base64.decode(text, alphabet: .urlSafe), bytes.count > SHA256.Digest.byteCount else {
            throw .malformed
        }
        let payload = Array(bytes.dropLast(SHA256.Digest.byteCount))
        guard secret.signature(of: payload) == bytes.suffix(SHA256.Digest.byteCount) else { throw .signature }

        let expiry: Expiry = try decode(payload)
        guard expiry.expires > now else { throw .expired }
        let claims: TokenClaims = try decode(payload)
        return (claims, SyncToken(text: text, salt: claims.salt, secret: secret))
    }

    private init(text: String, salt: String, secret: MasterSecret) {
        self.text = text
        let key = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: secret.key,
            salt: Array(salt.utf8),
            info: Array("services.mozilla.com/tokenlib/v1/derive/\(text)".utf8),
            outputByteCount: SHA256.Digest.byteCount
        )
        hawkKey = Base64.encode(unsafe key.withUnsafeBytes { unsafe Array($0) }, alphabet: .urlSafe)
    }

    /// The one claim that every token has, whatever it is for.
    private struct Expiry: Decodable {
        let expires: Double
    }

    private static func decode<Claims: Decodable>(_ payload: [UInt8]) throws(SyncTokenError) -> Claims {
        do {
            return try JSONDecoder().decode(Claims.self, from: Data(payload))
        } catch {
            throw .malformed
        }
    }
}

extension SyncToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: ["token": "<redacted>"]) }
}
