/// What has been measured and not yet sent, put together as far as the protocol allows.
///
/// A pure value of bounded size. Counters add up, gauges keep the last value, timings and histograms keep each value
/// up to ``samplesPerSeries`` and then an even selection. Entries leave in the order in which their series came.
struct StatsdBuffer {
    private struct Key: Hashable {
        let series: StatsdSeries
        let kind: StatsdKind
    }

    /// Series and samples together.
    let capacity: Int
    let samplesPerSeries: Int
    /// Values that were refused.
    private(set) var dropped = 0
    private var entries: [StatsdEntry] = []
    private var positions: [Key: Int] = [:]
    private var sampleCount = 0
    private var isClosed = false

    init(capacity: Int = 4096, samplesPerSeries: Int = 1000) {
        self.capacity = capacity
        self.samplesPerSeries = samplesPerSeries
    }

    /// Takes a value in, or says that there is no room; the caller then makes some, or calls ``drop()``.
    mutating func add(_ value: StatsdNumber, kind: StatsdKind, series: StatsdSeries) -> Bool {
        guard !isClosed, value.isFinite else {
            dropped += 1
            return true
        }
        guard let position = position(of: Key(series: series, kind: kind)) else { return false }
        switch kind {
        case .counter:
            if case .integer(let amount) = value {
                let (sum, overflow) = entries[position].total.addingReportingOverflow(amount)
                entries[position].total = overflow ? (amount > 0 ? .max : .min) : sum
            }
        case .gauge:
            entries[position].last = value
        case .timing, .histogram:
            let before = entries[position].samples.values.count
            guard entries.count + sampleCount < capacity || before >= samplesPerSeries else { return false }
            entries[position].samples.add(value, limit: samplesPerSeries)
            sampleCount += entries[position].samples.values.count - before
        }
        return true
    }

    /// Counts a value for which there was no room.
    mutating func drop() {
        dropped += 1
    }

    /// Hands everything over and is empty again.
    mutating func take() -> [StatsdEntry] {
        defer {
            entries = []
            positions.removeAll(keepingCapacity: true)
            sampleCount = 0
        }
        return entries
    }

    /// Refuses everything from now on.
    mutating func close() {
        isClosed = true
    }

    private mutating func position(of key: Key) -> Int? {
        if let position = positions[key] {
            return position
        }
        guard entries.count + sampleCount < capacity else { return nil }
        entries.append(StatsdEntry(series: key.series, kind: key.kind))
        positions[key] = entries.count - 1
        return entries.count - 1
    }
}
