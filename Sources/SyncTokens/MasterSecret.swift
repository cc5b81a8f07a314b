import Crypto

/// A secret that Tokenserver shares with its storage nodes, from which every token's keys come.
///
/// Neither printing, dumping nor interpolating it shows the text.
package struct MasterSecret: Sendable {
    /// The UTF-8 bytes of the text, as key material.
    let key: SymmetricKey

    /// HMAC-SHA256 under the token signing key, ready to be copied and fed: the key is derived and scheduled once.
    let signer: HMAC<SHA256>

    /// The secret with this text. Every character counts, white space included.
    package init(_ text: String) throws(MasterSecretError) {
        guard !text.isEmpty else { throw .empty }
        key = SymmetricKey(data: Array(text.utf8))
        let signingKey = HKDF<SHA256>.deriveKey(
            inputKeyMaterial: key,
            info: Array("services.mozilla.com/tokenlib/v1/signing".utf8),
            outputByteCount: SHA256.Digest.byteCount
        )
        signer = HMAC(key: signingKey)
    }

    /// The signature of a token's payload.
    func signature(of payload: [UInt8]) -> HMAC<SHA256>.MAC {
        var hmac = signer
        hmac.update(data: payload)
        return hmac.finalize()
    }
}

extension MasterSecret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    package var customMirror: Mirror { Mirror(self, children: ["secret": "<redacted>"]) }
}
