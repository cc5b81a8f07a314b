import Foundation

/// How a line begins that this program wrote: enough to match outcomes with intents, without reading the line as JSON.
struct AuditLineHead {
    let event: AuditLine.Event
    let run: UnsafeRawBufferPointer
    let uid: Int64

    /// Nil for a line that does not begin and end as ours do, such as one that was torn off, or one that another program
    /// wrote with other spaces; ``AuditLine`` has the last word about it.
    init?(_ line: UnsafeRawBufferPointer) {
        guard line.last == UInt8(ascii: "}") else { return nil }
        var rest = Rest(bytes: line)
        if rest.skip("{\"event\":\"intent\",\"time\":\"") {
            event = .intent
        } else if rest.skip("{\"event\":\"outcome\",\"time\":\"") {
            event = .outcome
        } else {
            return nil
        }
        guard rest.text() != nil, rest.skip(",\"run\":\""), let run = rest.text(), rest.skip(",\"uid\":"),
            let uid = rest.integer(), rest.skip(",")
        else { return nil }
        (self.run, self.uid) = (run, uid)
    }

    /// What is not looked at yet.
    private struct Rest {
        let bytes: UnsafeRawBufferPointer
        var place = 0

        mutating func skip(_ text: StaticString) -> Bool {
            let count = text.utf8CodeUnitCount
            guard bytes.count - place >= count, let base = bytes.baseAddress,
                memcmp(base + place, text.utf8Start, count) == 0
            else { return false }
            place += count
            return true
        }

        /// Up to the quote that ends a string; nil if there is none, or something is escaped in it.
        mutating func text() -> UnsafeRawBufferPointer? {
            let start = place
            while place < bytes.count, bytes[place] != UInt8(ascii: "\"") {
                if bytes[place] == UInt8(ascii: "\\") { return nil }
                place += 1
            }
            guard place < bytes.count else { return nil }
            defer { place += 1 }
            return UnsafeRawBufferPointer(rebasing: bytes[start..<place])
        }

        mutating func integer() -> Int64? {
            let isNegative = skip("-")
            let start = place
            var value: Int64 = 0
            while place < bytes.count, case let digit = Int64(bytes[place]) - 48, (0...9).contains(digit) {
                let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
                let (sum, overflows) = product.addingReportingOverflow(digit)
                if isTooLarge || overflows { return nil }
                value = sum
                place += 1
            }
            return place == start ? nil : isNegative ? -value : value
        }
    }
}
