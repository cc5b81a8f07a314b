/// What a token says: who may use which node until when.
package struct TokenClaims: Hashable, Sendable {
    /// The number under which the node knows the user.
    package let uid: Int64

    /// The node's base URL, exactly as the `nodes` table has it.
    package let node: String

    /// The user's account.
    package let fxaUID: String

    /// The name of the user's key: a ``KeyID``'s text.
    package let fxaKID: String

    /// Sets two tokens with the same claims apart: 6 lower-case hex digits.
    package let salt: String

    /// When the token ends, in seconds since 1970.
    package let expires: Double

    package init(uid: Int64, node: String, fxaUID: String, fxaKID: String, salt: String, expires: Double) {
        self.uid = uid
        self.node = node
        self.fxaUID = fxaUID
        self.fxaKID = fxaKID
        self.salt = salt
        self.expires = expires
    }

    /// A salt such as ``salt`` wants: three bytes from `generator`, in hex.
    package static func randomSalt(using generator: inout some RandomNumberGenerator) -> String {
        let bits = UInt32.random(in: 0...0xff_ffff, using: &generator)
        return String(String(0x100_0000 | bits, radix: 16).dropFirst())
    }

    /// The claims as Tokenserver writes them: the bytes of Python's `json.dumps`, in the order the fields have here.
    var payload: [UInt8] {
        var object = PythonJSONObject(capacity: 160 + node.utf8.count + fxaUID.utf8.count + fxaKID.utf8.count)
        object.append("uid", uid)
        object.append("node", node)
        object.append("fxa_uid", fxaUID)
        object.append("fxa_kid", fxaKID)
        object.append("salt", salt)
        object.append("expires", expires)
        return object.finish()
    }
}

extension TokenClaims: Decodable {
    enum CodingKeys: String, CodingKey {
        case uid
        case node
        case fxaUID = "fxa_uid"
        case fxaKID = "fxa_kid"
        case salt
        case expires
    }
}
