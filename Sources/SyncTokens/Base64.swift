/// Base64 in the two alphabets of RFC 4648, over plain byte arrays.
///
/// Decoding is strict: one text for one array of bytes. It takes no white space, no character of the other alphabet,
/// no padding that is missing or superfluous, and no bits set that no byte uses.
package enum Base64 {
    /// The characters for the values 62 and 63: `+/` or `-_`.
    package enum Alphabet: Sendable {
        case standard
        case urlSafe
    }

    /// The text for `bytes`, with `=` to a multiple of four characters if `padded`.
    package static func encode(_ bytes: [UInt8], alphabet: Alphabet, padded: Bool = true) -> String {
        let (groups, rest) = bytes.count.quotientAndRemainder(dividingBy: 3)
        let tail = rest == 0 ? 0 : padded ? 4 : rest + 1
        let digits = alphabet == .standard ? standardDigits : urlSafeDigits
        var text: [UInt8] = []
        text.reserveCapacity(groups * 4 + tail)
        func put(_ byte: UInt8) { text.append(byte) }
        var index = 0
        for _ in 0..<groups {
            let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
            put(digits[Int(group >> 18)])
            put(digits[Int(group >> 12 & 63)])
            put(digits[Int(group >> 6 & 63)])
            put(digits[Int(group & 63)])
            index += 3
        }
        if rest > 0 {
            let group = UInt32(bytes[index]) << 16 | (rest == 2 ? UInt32(bytes[index + 1]) << 8 : 0)
            put(digits[Int(group >> 18)])
            put(digits[Int(group >> 12 & 63)])
            if rest == 2 { put(digits[Int(group >> 6 & 63)]) }
            if padded { for _ in rest..<3 { put(UInt8(ascii: "=")) } }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes that `text` stands for, or nil if no array of bytes encodes to exactly this text.
    package static func decode(_ text: some StringProtocol, alphabet: Alphabet, padded: Bool = true) -> [UInt8]? {
        var characters = Array(text.utf8)[...]
        if padded {
            guard characters.count.isMultiple(of: 4) else { return nil }
            for _ in 0..<2 where characters.last == UInt8(ascii: "=") { characters.removeLast() }
        }
        let rest = characters.count % 4
        guard rest != 1 else { return nil }

        let values = alphabet == .standard ? standardValues : urlSafeValues
        var bytes: [UInt8] = []
        bytes.reserveCapacity(characters.count / 4 * 3 + 2)
        var buffer: UInt32 = 0
        var bits = 0
        for character in characters {
            let value = values[Int(character)]
            guard value < 64 else { return nil }
            buffer = buffer << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
            }
        }
        let unused = buffer & (1 << UInt32(bits) - 1)
        return unused == 0 ? bytes : nil
    }

    private static let standardDigits = digits(ending: "+/")
    private static let urlSafeDigits = digits(ending: "-_")
    private static let standardValues = values(of: standardDigits)
    private static let urlSafeValues = values(of: urlSafeDigits)

    private static func digits(ending: String) -> [UInt8] {
        Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\(ending)".utf8)
    }

    /// The value of each byte as a digit; 255 for those that are none.
    private static func values(of digits: [UInt8]) -> [UInt8] {
        var values = [UInt8](repeating: .max, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }
}
