/// A moment on the wall clock, in milliseconds since 1970: the unit of every time in Tokenserver's database.
package struct Timestamp: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// Seconds with two decimals, as storage nodes tell moments, lose nothing on the way.
    package init(secondsSince1970 seconds: Double) {
        rawValue = Int64((min(max(seconds, 0), 9e12) * 100).rounded()) * 10
    }

    package static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.rawValue < rhs.rawValue }

    /// The moment `duration` later (earlier if it is negative); it saturates instead of overflowing.
    package func advanced(by duration: Duration) -> Timestamp {
        let (sum, overflow) = rawValue.addingReportingOverflow(duration.wholeMilliseconds)
        if overflow {
            return Timestamp(duration < .zero ? .min : .max)
        }
        return Timestamp(sum)
    }

    /// How much later this moment is than `other`; negative if it is earlier. It saturates like `advanced(by:)`.
    package func since(_ other: Timestamp) -> Duration {
        let (difference, overflow) = rawValue.subtractingReportingOverflow(other.rawValue)
        return .milliseconds(overflow ? (rawValue < other.rawValue ? .min : .max) : difference)
    }

    package var description: String { String(rawValue) }
}

extension Duration {
    /// The duration in milliseconds, rounded towards zero.
    package var wholeMilliseconds: Int64 {
        components.seconds.multipliedReportingOverflow(by: 1000).partialValue
            + components.attoseconds / 1_000_000_000_000_000
    }

    /// The duration in seconds.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
