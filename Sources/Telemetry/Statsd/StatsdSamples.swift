/// Values of one series that are each worth sending, thinned out evenly when there are too many.
///
/// A pure value. Up to the limit it keeps all of them. From then on it keeps every second, fourth, eighth… in step,
/// so that what it holds covers the whole time alike, and ``rate`` says how much of all there was that is.
struct StatsdSamples {
    private(set) var values: [StatsdNumber] = []
    private var seen = 0
    private var stride = 1

    /// The share of all values that was kept: 1 when nothing was left out.
    var rate: Double {
        seen == 0 ? 1 : Double(values.count) / Double(seen)
    }

    mutating func add(_ value: StatsdNumber, limit: Int) {
        if seen.isMultiple(of: stride) {
            values.append(value)
        }
        seen += 1
        if values.count > limit {
            values = values.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
            stride *= 2
        }
    }
}
