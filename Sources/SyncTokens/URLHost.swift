/// The rule for the host of a URL, in lower case: a DNS name, an IPv4 address, or an IPv6 address in brackets.
enum URLHost {
    static func isValid(_ host: String) -> Bool {
        guard host.hasPrefix("[") else { return isName(host) }
        return host.hasSuffix("]") && isIPv6(host.dropFirst().dropLast())
    }

    /// Labels of letters, digits, `-` and `_`, of 1 to 63 characters each; one dot may follow the last.
    private static func isName(_ text: String) -> Bool {
        let name = text.hasSuffix(".") ? text.dropLast() : text[...]
        guard name.utf8.count <= 253 else { return false }
        return name.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count)
                && label.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                    case UInt8(ascii: "-"), UInt8(ascii: "_"): true
                    default: false
                    }
                }
        }
    }

    /// Eight groups, fewer with one `::`, the last two of which may be written as IPv4. No zone.
    private static func isIPv6(_ text: Substring) -> Bool {
        guard let gap = text.firstPair(of: ":") else { return groups(in: text, mayEndInIPv4: true) == 8 }
        let head = text[..<gap]
        let tail = text[text.index(gap, offsetBy: 2)...]
        guard let before = head.isEmpty ? 0 : groups(in: head, mayEndInIPv4: false),
            let after = tail.isEmpty ? 0 : groups(in: tail, mayEndInIPv4: true)
        else { return false }
        return before + after <= 7
    }

    /// How many 16-bit groups `text` spells, or nil if a part of it is none.
    private static func groups(in text: Substring, mayEndInIPv4: Bool) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        var count = 0
        for (index, part) in parts.enumerated() {
            if (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit) {
                count += 1
            } else if mayEndInIPv4, index == parts.count - 1, isIPv4(part) {
                count += 2
            } else {
                return nil
            }
        }
        return count
    }

    private static func isIPv4(_ text: Substring) -> Bool {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { part in UInt8(part).map { String($0) == part } ?? false }
    }
}

extension Substring {
    /// Where `character` first stands twice in a row.
    fileprivate func firstPair(of character: Character) -> Index? {
        zip(indices, indices.dropFirst()).first { self[$0] == character && self[$1] == character }?.0
    }
}
