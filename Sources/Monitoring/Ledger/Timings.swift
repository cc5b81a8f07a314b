import Synchronization

/// Single times since they were taken last, for those who want each of them.
final class Timings: Sendable {
    struct Values: Sendable {
        var ofData = DurationSample()
        var ofRuns = DurationSample()
    }

    private let kept = Mutex(Values())

    func addData(_ duration: Duration) { kept.withLock { $0.ofData.add(duration) } }

    func addRun(_ duration: Duration) { kept.withLock { $0.ofRuns.add(duration) } }

    func take() -> Values {
        kept.withLock { values in
            defer { values = Values() }
            return values
        }
    }
}

/// Times, thinned out evenly when there are too many.
///
/// A pure value. Up to the limit it keeps all of them. From then on it keeps every second, fourth, eighth… in step, so that
/// what it holds covers the whole time alike.
struct DurationSample: Sendable {
    static let limit = 1000

    private(set) var values: [Duration] = []
    private var seen = 0
    private var stride = 1

    /// The share of all values that was kept: 1 when nothing was left out.
    var rate: Double { seen == 0 ? 1 : Double(values.count) / Double(seen) }

    mutating func add(_ value: Duration) {
        if seen.isMultiple(of: stride) { values.append(value) }
        seen += 1
        if values.count > Self.limit {
            values = values.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
            stride *= 2
        }
    }
}
