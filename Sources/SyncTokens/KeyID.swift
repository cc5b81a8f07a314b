/// The name of a user's encryption key (`fxa_kid`), by which some storage nodes address the user's data.
package struct KeyID: Hashable, Sendable, CustomStringConvertible {
    /// The timestamp in at least 13 characters, filled with zeros, then `-` and the client state in URL-safe base64
    /// without padding.
    package let text: String

    package var description: String { text }

    /// The name of the key with this client state, first seen at `timestamp` (milliseconds since 1970).
    ///
    /// A negative timestamp keeps its sign within the 13 characters, as Python's `%013d` has it.
    package init(timestamp: Int64, clientState: ClientState) {
        let sign = timestamp < 0 ? "-" : ""
        let digits = String(timestamp.magnitude)
        let zeros = String(repeating: "0", count: max(0, 13 - sign.count - digits.count))
        text = "\(sign)\(zeros)\(digits)-\(Base64.encode(clientState.bytes, alphabet: .urlSafe, padded: false))"
    }

    /// Every name under which servers may have stored the data of one record, the usual one first, none twice.
    ///
    /// The usual one has `keysChangedAt`, or `generation` where that is nil or 0. Servers written in Rust use a
    /// `keysChangedAt` of 0 as it is: such a record has that name too.
    package static func spellings(generation: Int64, keysChangedAt: Int64?, clientState: ClientState) -> [KeyID] {
        switch keysChangedAt {
        case .some(0) where generation != 0:
            [KeyID(timestamp: generation, clientState: clientState), KeyID(timestamp: 0, clientState: clientState)]
        case .some(let keysChangedAt) where keysChangedAt != 0:
            [KeyID(timestamp: keysChangedAt, clientState: clientState)]
        default:
            [KeyID(timestamp: generation, clientState: clientState)]
        }
    }
}
