/// What has been measured of one series since the last flush.
struct StatsdEntry {
    let series: StatsdSeries
    let kind: StatsdKind
    /// Of a counter.
    var total: Int64 = 0
    /// Of a gauge.
    var last = StatsdNumber.integer(0)
    /// Of a timing or histogram.
    var samples = StatsdSamples()

    init(series: StatsdSeries, kind: StatsdKind) {
        self.series = series
        self.kind = kind
    }

    /// In the protocol's spelling, without newlines.
    var lines: [String] {
        switch kind {
        case .counter:
            return [line(.integer(total))]
        case .gauge:
            return [line(last)]
        case .timing, .histogram:
            let rate = samples.rate
            let suffix = rate < 1 ? "|@\(Self.text(ofRate: rate))" : ""
            return samples.values.map { line($0, rate: suffix) }
        }
    }

    private func line(_ value: StatsdNumber, rate: String = "") -> String {
        "\(series.name):\(value.text)|\(kind.rawValue)\(rate)\(series.suffix)"
    }

    /// To the sixth decimal, never in scientific notation and never zero, which collectors divide by.
    private static func text(ofRate rate: Double) -> String {
        let millionths = max(1, Int((rate * 1_000_000).rounded()))
        var digits = String(1_000_000 + millionths).dropFirst()
        while digits.last == "0" {
            digits.removeLast()
        }
        return millionths >= 1_000_000 ? "1" : "0.\(digits)"
    }
}
