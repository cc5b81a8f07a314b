/// The `Authorization` header of a request that is signed with Hawk.
package struct HawkHeader: Hashable, Sendable {
    /// The most bytes that a header may have to be parsed.
    static let maximumLength = 4096

    /// Who signs: for a storage node, a token.
    package let id: String

    /// When it was signed, in seconds since 1970.
    package let timestamp: Int64

    /// What sets this request apart from all others with the same timestamp.
    package let nonce: String

    /// The signature, in base64.
    package let mac: String

    /// What the application adds to the signed text, if anything.
    package let ext: String?

    /// The hash of the request's body, if the signature is to cover it.
    package let hash: String?

    /// The header for `request`, signed with `key`.
    ///
    /// The header can't be broken out of by construction: every value in it is printable ASCII without `"` and `\`, and
    /// not empty. Anything else, a negative timestamp, and a request with blanks or control characters in it are
    /// refused with ``HawkError/unsignable(_:)``.
    package static func sign(
        _ request: HawkRequest,
        id: String,
        key: String,
        timestamp: Int64,
        nonce: String,
        ext: String? = nil,
        payloadHash: String? = nil
    ) throws(HawkError) -> HawkHeader {
        if let part = request.unsignablePart { throw .unsignable(part) }
        guard HawkAttributes.isQuotable(id) else { throw .unsignable("id") }
        guard HawkAttributes.isQuotable(nonce) else { throw .unsignable("nonce") }
        guard ext.map(HawkAttributes.isQuotable) ?? true else { throw .unsignable("ext") }
        guard payloadHash.map(HawkAttributes.isQuotable) ?? true else { throw .unsignable("hash") }
        guard timestamp >= 0 else { throw .unsignable("timestamp") }
        let code = HawkMAC.header(
            request,
            key: key,
            timestamp: timestamp,
            nonce: nonce,
            ext: ext,
            payloadHash: payloadHash
        )
        return HawkHeader(
            id: id,
            timestamp: timestamp,
            nonce: nonce,
            mac: HawkMAC.text(code),
            ext: ext,
            hash: payloadHash
        )
    }

    /// The header whose value is `authorization`.
    ///
    /// Strict: all of `id`, `ts`, `nonce` and `mac` once, `ext` and `hash` at most once, nothing else, every value in
    /// quotes and without escapes. The scheme's case doesn't matter.
    package init(parsing authorization: String) throws(HawkError) {
        let attributes = try HawkAttributes(parsing: authorization, known: ["id", "ts", "nonce", "mac", "ext", "hash"])
        id = try attributes.required("id")
        timestamp = try HawkAttributes.timestamp(attributes.required("ts"))
        nonce = try attributes.required("nonce")
        mac = try attributes.required("mac")
        ext = attributes["ext"]
        hash = attributes["hash"]
    }

    /// The header's value, such as ``init(parsing:)`` takes.
    package var authorization: String {
        var text = ""
        text.reserveCapacity(160 + id.utf8.count)
        text += "Hawk id=\""
        text += id
        text += "\", ts=\""
        text += String(timestamp)
        text += "\", nonce=\""
        text += nonce
        if let hash {
            text += "\", hash=\""
            text += hash
        }
        if let ext {
            text += "\", ext=\""
            text += ext
        }
        text += "\", mac=\""
        text += mac
        text += "\""
        return text
    }

    /// Whether `key` signed `request` with this header, compared in constant time.
    ///
    /// Neither the age of the timestamp, nor the novelty of the nonce, nor the hash of the body is looked at.
    package func verify(_ request: HawkRequest, key: String) -> Bool {
        guard request.unsignablePart == nil else { return false }
        let code = HawkMAC.header(
            request,
            key: key,
            timestamp: timestamp,
            nonce: nonce,
            ext: ext,
            payloadHash: hash
        )
        return HawkMAC.matches(mac, code)
    }

    /// A nonce: eight bytes from `generator`, in URL-safe base64.
    package static func randomNonce(using generator: inout some RandomNumberGenerator) -> String {
        let bits = UInt64.random(in: .min ... .max, using: &generator)
        let bytes = stride(from: 0, to: 64, by: 8).map { UInt8(truncatingIfNeeded: bits >> UInt64($0)) }
        return Base64.encode(bytes, alphabet: .urlSafe, padded: false)
    }

    private init(id: String, timestamp: Int64, nonce: String, mac: String, ext: String?, hash: String?) {
        self.id = id
        self.timestamp = timestamp
        self.nonce = nonce
        self.mac = mac
        self.ext = ext
        self.hash = hash
    }
}
