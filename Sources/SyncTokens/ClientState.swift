/// What a record's `client_state` column holds: the fingerprint of the keys that a user's data is encrypted with.
package struct ClientState: Hashable, Sendable {
    /// The bytes that the column spells in hex; none for a user who has never sent any.
    package let bytes: [UInt8]

    /// The client state with these bytes.
    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The client state that `hex` spells, or nil if it isn't pairs of hex digits.
    ///
    /// Digits of either case count, as in Python's `bytes.fromhex`; white space doesn't.
    package init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(of: digits[index]), let low = Self.value(of: digits[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    private static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
