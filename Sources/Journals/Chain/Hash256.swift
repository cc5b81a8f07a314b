import Crypto

/// A SHA-256 hash, as a value of four words.
package struct Hash256: Sendable, Hashable {
    private var words: (UInt64, UInt64, UInt64, UInt64)

    /// Stands for "nothing before": the hash of no line that anybody could find.
    package static let zero = Hash256(words: (0, 0, 0, 0))

    private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    init(_ digest: SHA256Digest) {
        self = digest.withUnsafeBytes { Hash256(bytes: $0) }
    }

    package init(of bytes: UnsafeRawBufferPointer) {
        var hasher = SHA256()
        hasher.update(bufferPointer: bytes)
        self.init(hasher.finalize())
    }

    package init(of text: String) {
        var text = text
        self = text.withUTF8 { Hash256(of: UnsafeRawBufferPointer($0)) }
    }

    /// - Parameter bytes: 32 of them.
    private init(bytes: UnsafeRawBufferPointer) {
        func word(_ index: Int) -> UInt64 {
            bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)
        }
        self.init(words: (word(0), word(1), word(2), word(3)))
    }

    /// From 64 digits, lower case only, so that one hash has one spelling.
    package init?(hexadecimal text: some Collection<UInt8>) {
        guard let bytes = Hexadecimal.bytes(text), bytes.count == 32 else { return nil }
        self = bytes.withUnsafeBytes { Hash256(bytes: $0) }
    }

    package var hexadecimal: String { withBytes { Hexadecimal.text($0) } }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withUnsafeBytes(of: words, body)
    }

    package static func == (left: Hash256, right: Hash256) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) { hasher.combine(words.0) }
}

/// Bytes as pairs of lower-case digits.
enum Hexadecimal {
    private static let digits = Array("0123456789abcdef".utf8)

    static func text(_ bytes: some Collection<UInt8>) -> String {
        String(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            var place = 0
            for byte in bytes {
                buffer[place] = digits[Int(byte >> 4)]
                buffer[place + 1] = digits[Int(byte & 15)]
                place += 2
            }
            return place
        }
    }

    /// Nil for anything but pairs of digits, upper case too.
    static func bytes(_ text: some Collection<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 2)
        var high: UInt8?
        for character in text {
            let digit: UInt8
            switch character {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = character - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = character - UInt8(ascii: "a") + 10
            default: return nil
            }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return bytes
    }
}
