/// How a line of the audit log is tied to the one before: the last members of the line's JSON.
///
/// Only the exact spelling counts that this program writes, so that one link has one spelling.
struct ChainLink: Sendable, Equatable {
    /// Counted from 1 over the whole chain, however many files it fills.
    let number: Int64
    /// The hash of the line before, without its line feed; ``Hash256/zero`` for the first.
    let previous: Hash256

    private static let numberKey = Array(",\"seq\":".utf8)
    private static let previousKey = Array(",\"prev\":\"".utf8)
    private static let hashLength = 64
    /// More lines than any log has.
    private static let most: Int64 = 1 << 53

    init(number: Int64, previous: Hash256) {
        self.number = number
        self.previous = previous
    }

    /// What a line is closed with in place of its brace.
    var text: String { ",\"seq\":\(number),\"prev\":\"\(previous.hexadecimal)\"" }

    /// Nil for a line that isn't tied to another one.
    init?(line: UnsafeRawBufferPointer) {
        let members = HeadSeal.membersEnd(of: line) ?? line.count - 1
        guard line.last == UInt8(ascii: "}"), members > 0, line[members - 1] == UInt8(ascii: "\"") else { return nil }
        let hashStart = members - 1 - Self.hashLength
        let keyStart = hashStart - Self.previousKey.count
        guard keyStart > 0, line[keyStart..<hashStart].elementsEqual(Self.previousKey),
            let previous = Hash256(hexadecimal: line[hashStart..<members - 1])
        else { return nil }
        var start = keyStart
        while start > 0, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(line[start - 1]) { start -= 1 }
        let numberStart = start - Self.numberKey.count
        guard numberStart > 0, start < keyStart, line[start] != UInt8(ascii: "0"),
            line[numberStart..<start].elementsEqual(Self.numberKey),
            let number = Int64(String(decoding: line[start..<keyStart], as: UTF8.self)), number <= Self.most
        else { return nil }
        self.init(number: number, previous: previous)
    }
}

/// What closes a head's line behind its link: a signature over the line up to there or, without a key, its hash, so that
/// no byte of a log's last line can be changed either.
enum HeadSeal {
    static let beginning = Array("{\"event\":\"head\",".utf8)
    static let signature = Array("\",\"signature\":\"".utf8)
    static let digest = Array("\",\"digest\":\"".utf8)
    private static let key = Array(",\"key\":\"".utf8)
    private static let keyLength = 64
    private static let signatureLength = 128
    private static let digestLength = 64

    /// What a head's seal says.
    enum Verdict: Sendable, Equatable {
        case signed(AuditPublicKey)
        /// Without a key.
        case whole
        /// It has none, or not for this line.
        case wrong
    }

    static func verdict(on line: UnsafeRawBufferPointer) -> Verdict {
        if let end = split(line, by: signature, valueLength: signatureLength) {
            let message = line[..<(end + 1)]
            guard let key = AuditPublicKey(hexadecimal: line[max(0, end - keyLength)..<end]),
                let value = Hexadecimal.bytes(line[(end + signature.count)..<(line.count - 2)]),
                key.isValid(value, for: Array(message))
            else { return .wrong }
            return .signed(key)
        }
        guard let end = split(line, by: digest, valueLength: digestLength),
            Hash256(hexadecimal: line[(end + digest.count)..<(line.count - 2)])
                == Hash256(of: UnsafeRawBufferPointer(rebasing: line[..<(end + 1)]))
        else { return .wrong }
        return .whole
    }

    /// Where a head's members end that every line has: after the link. Nil for other lines.
    static func membersEnd(of line: UnsafeRawBufferPointer) -> Int? {
        guard line.starts(with: beginning) else { return nil }
        if let sealed = split(line, by: signature, valueLength: signatureLength) {
            // …"prev":"HASH","key":"KEY" and then the signature.
            let end = sealed - keyLength - key.count
            guard end > 0, line[end..<end + key.count].elementsEqual(key) else { return nil }
            return end
        }
        return split(line, by: digest, valueLength: digestLength).map { $0 + 1 }
    }

    /// Where a key's value ends that a member of the given length and name follows, which is the line's last.
    private static func split(_ line: UnsafeRawBufferPointer, by name: [UInt8], valueLength: Int) -> Int? {
        let start = line.count - 2 - valueLength - name.count
        guard start > 0, line.last == UInt8(ascii: "}"), line[line.count - 2] == UInt8(ascii: "\""),
            line[start..<start + name.count].elementsEqual(name)
        else { return nil }
        return start
    }
}
