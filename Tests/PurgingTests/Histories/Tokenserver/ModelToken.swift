import Foundation

/// What a login gives to a client, or the purge makes for itself: the right to read, write and delete in one place.
struct ModelToken: Hashable, Sendable {
    let uid: Int64
    let url: String
    let fxaUID: String
    let key: String

    /// The name of a key: 13 digits and the client state.
    static func key(_ number: Int64, _ clientState: String) -> String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, 13 - digits.count))
        return "\(zeros)\(digits)-\(name(ofState: clientState))"
    }

    /// URL-safe base64, without padding, of the bytes that the hex digits spell.
    static func name(ofState hex: String) -> String {
        var bytes = Data()
        var rest = hex[...]
        while let byte = UInt8(rest.prefix(2), radix: 16) {
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes.base64EncodedString().filter { $0 != "=" }.replacing("+", with: "-").replacing("/", with: "_")
    }
}

/// Which Tokenserver answers: they differ about a `keys_changed_at` of 0.
enum ModelServer: Sendable, CaseIterable {
    /// The old one takes 0 for missing. It writes 0 where a client gave none, or null, as its age has it.
    case python, pythonThatWritesZero
    /// It uses 0 as it is.
    case rust

    /// The name of the key of such a row.
    func key(generation: Int64, keysChangedAt: Int64?, clientState: String) -> String {
        let number: Int64 =
            switch (self, keysChangedAt) {
            case (.rust, let moment?): moment
            case (_, let moment?) where moment != 0: moment
            default: generation
            }
        return ModelToken.key(number, clientState)
    }

    func key(of user: ModelUser) -> String {
        key(generation: user.generation, keysChangedAt: user.keysChangedAt, clientState: user.clientState)
    }
}
