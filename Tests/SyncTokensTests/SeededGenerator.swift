import Foundation
import SyncTokens
import Testing

/// Runs `body` with randomness that can be had again, and tells the seed of it should `body` throw.
func withSeed(_ body: (inout SeededGenerator) throws -> Void) {
    var random = SeededGenerator()
    let seed = "\(random)"
    do {
        try body(&random)
    } catch is ExpectationFailedError {
        Issue.record("The requirement above failed with \(seed)")
    } catch {
        Issue.record(error, "\(seed)")
    }
}

/// Randomness that can be had again: every test prints the seed when it fails, and `PURGE_TEST_SEED` sets it.
struct SeededGenerator: RandomNumberGenerator, CustomStringConvertible {
    let seed: UInt64
    private var state: UInt64

    init() {
        let text = ProcessInfo.processInfo.environment["PURGE_TEST_SEED"]
        self.init(seed: text.flatMap { UInt64($0) } ?? UInt64.random(in: .min ... .max))
    }

    init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    var description: String { "PURGE_TEST_SEED=\(seed)" }

    /// SplitMix64.
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}

extension SeededGenerator {
    mutating func chance(_ numerator: Int, in denominator: Int) -> Bool {
        Int.random(in: 0..<denominator, using: &self) < numerator
    }

    mutating func int64(_ range: ClosedRange<Int64>) -> Int64 {
        Int64.random(in: range, using: &self)
    }

    mutating func bytes(count: ClosedRange<Int>) -> [UInt8] {
        (0..<Int.random(in: count, using: &self)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
    }

    mutating func pick<Element>(_ elements: [Element]) -> Element {
        elements[Int.random(in: 0..<elements.count, using: &self)]
    }

    /// Text from all planes, with more than its share of what JSON has to escape.
    mutating func unicode(count: ClosedRange<Int>) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: count, using: &self) {
            let range: ClosedRange<UInt32> = pick([
                0...0x1f, 0x20...0x7e, 0x22...0x22, 0x5c...0x5c, 0x7f...0x24f, 0x2000...0xffff, 0x1_0000...0x10_ffff,
            ])
            text.append(Unicode.Scalar(UInt32.random(in: range, using: &self)) ?? "\u{fffd}")
        }
        return String(text)
    }

    /// A value that can stand in a Hawk header.
    mutating func quotable(count: ClosedRange<Int>) -> String {
        let allowed = (0x20...0x7e).filter { $0 != 0x22 && $0 != 0x5c }
        let bytes = (0..<Int.random(in: count, using: &self)).map { _ in UInt8(pick(allowed)) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A name without anything that has to be quoted.
    mutating func word(count: ClosedRange<Int>) -> String {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789")
        return String((0..<Int.random(in: count, using: &self)).map { _ in pick(letters) })
    }

    /// A secret that is not empty.
    mutating func secret() throws -> (text: String, secret: MasterSecret) {
        let text = chance(1, in: 2) ? word(count: 1...80) : unicode(count: 1...100)
        return (text, try MasterSecret(text))
    }

    /// A moment of the kind that tokens hold, whole or not.
    mutating func moment() -> Double {
        switch Int.random(in: 0..<4, using: &self) {
        case 0: Double(int64(0...4_000_000_000))
        case 1: Double(int64(0...400_000_000_000)) / 100
        case 2: Double.random(in: 0...4e9, using: &self)
        default: Double.random(in: 0...1e16, using: &self)
        }
    }

    mutating func claims(node: String? = nil) -> TokenClaims {
        let timestamp = chance(1, in: 20) ? Int64.max : int64(-10...2_000_000_000_000)
        let key = KeyID(timestamp: timestamp, clientState: ClientState(bytes: bytes(count: 0...32)))
        return TokenClaims(
            uid: chance(1, in: 10) ? pick([0, 1, -1, .max, .min]) : int64(1...10_000_000_000),
            node: node ?? unicode(count: 0...60),
            fxaUID: chance(1, in: 2) ? word(count: 1...32) : unicode(count: 0...40),
            fxaKID: key.text,
            salt: TokenClaims.randomSalt(using: &self),
            expires: moment()
        )
    }

    /// `text` with one character replaced by another one of those that tokens and MACs consist of.
    mutating func flipped(_ text: String, from offset: Int = 0) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_=".utf8)
        var bytes = Array(text.utf8)
        let index = Int.random(in: offset..<bytes.count, using: &self)
        let old = bytes[index]
        bytes[index] = pick(digits.filter { $0 != old })
        return String(decoding: bytes, as: UTF8.self)
    }
}
