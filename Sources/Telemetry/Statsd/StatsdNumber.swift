/// A value as it is measured, made into text only when it is sent.
enum StatsdNumber: Hashable {
    case integer(Int64)
    /// A number of thousandths, for milliseconds measured to the microsecond.
    case thousandths(Int64)
    case real(Double)

    /// Nanoseconds as milliseconds, rounded to the microsecond.
    init(millisecondsFromNanoseconds nanoseconds: Int64) {
        let (quotient, remainder) = nanoseconds.quotientAndRemainder(dividingBy: 1000)
        let carry: Int64 = remainder >= 500 ? 1 : (remainder <= -500 ? -1 : 0)
        self = .thousandths(quotient + carry)
    }

    /// The protocol has no spelling for infinity and NaN.
    var isFinite: Bool {
        if case .real(let number) = self { number.isFinite } else { true }
    }

    /// As short as possible: no fraction on whole numbers, no zeros at the end.
    var text: String {
        switch self {
        case .integer(let number):
            return String(number)
        case .thousandths(let number):
            let whole = number.magnitude / 1000
            let sign = number < 0 ? "-" : ""
            var fraction = String(1000 + number.magnitude % 1000).dropFirst()
            while fraction.last == "0" {
                fraction.removeLast()
            }
            return fraction.isEmpty ? "\(sign)\(whole)" : "\(sign)\(whole).\(fraction)"
        case .real(let number):
            if let whole = Int64(exactly: number) {
                return String(whole)
            }
            return number.description
        }
    }
}
