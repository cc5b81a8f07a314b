/// A moment as storage nodes write it: seconds since 1970 with two decimals.
package struct StorageTime: Sendable, Hashable {
    /// What a node answers when nothing was ever stored.
    package static let never = StorageTime(hundredths: 0)

    /// Hundredths of a second since 1970.
    package let hundredths: Int64

    package init(hundredths: Int64) {
        self.hundredths = hundredths
    }

    /// Rounds to the nearest hundredth; what no calendar holds becomes the nearest moment that one does.
    package init(seconds: Double) {
        let limit = 1e15
        self.hundredths = seconds.isNaN ? 0 : Int64(min(max(seconds * 100, -limit), limit).rounded())
    }

    /// Reads a header's value; nil for anything but a number that is finite and not negative.
    package init?(_ text: some StringProtocol) {
        guard let seconds = Double(text), seconds.isFinite, seconds >= 0 else { return nil }
        self.init(seconds: seconds)
    }

    package var seconds: Double { Double(hundredths) / 100 }
}

extension StorageTime: Comparable {
    package static func < (left: StorageTime, right: StorageTime) -> Bool { left.hundredths < right.hundredths }
}

extension StorageTime: CustomStringConvertible {
    package var description: String {
        let (whole, rest) = hundredths.magnitude.quotientAndRemainder(dividingBy: 100)
        return "\(hundredths < 0 ? "-" : "")\(whole).\(rest < 10 ? "0" : "")\(rest)"
    }
}
