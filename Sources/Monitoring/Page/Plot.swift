import Purging
import Support

/// One quantity over time, as an SVG line with its axes beside it.
struct Plot {
    struct Point {
        let at: Timestamp
        /// Nil where it isn't known: the line has a gap there.
        let value: Double?
    }

    /// The plot's own units; it is stretched to the width that there is.
    private static let (width, height) = (1000.0, 240.0)

    let title: String
    /// What it is about, in words, for those who can't see it.
    let summary: String
    let points: [Point]
    let span: ClosedRange<Timestamp>
    /// A level to compare with.
    var limit: Double?
    /// How a value is written on the axis.
    let label: (Double) -> String
    /// Steps that are round in the quantity's unit.
    var steps = Plot.decimalSteps

    /// 1, 2, 5, 10 and so on.
    static let decimalSteps: [Double] = (0...12).flatMap { power in [1.0, 2, 5].map { $0 * Self.power(10, power) } }
    /// In seconds: round minutes, hours and days.
    static let durationSteps: [Double] =
        [1.0, 5, 15, 30, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600]
        + [1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000].map { days in days * 86_400 }

    var html: HTML {
        let top = self.top
        let parts = lines(top: top)
        return """
            <figure class="plot">
            <figcaption>\(title) <span class="quiet">\(summary)</span></figcaption>
            <div class="y" aria-hidden="true"><span>\(label(top))</span><span>\(label(top / 2))</span><span>0</span></div>
            <svg role="img" aria-label="\(title): \(summary)" viewBox="0 0 1000 240" preserveAspectRatio="none">
            <path class="grid" d="M0 1H1000M0 120H1000M0 239H1000"/>\(limitLine(top: top))\(parts)
            </svg>
            <div class="x" aria-hidden="true">\(ticks)</div>
            </figure>

            """
    }

    /// The upper end of the axis: a round number above everything that is shown.
    private var top: Double {
        let largest = max(points.compactMap(\.value).max() ?? 0, limit.map { $0 * 1.05 } ?? 0)
        guard let step = steps.first(where: { $0 * 4 >= largest }) ?? steps.last, step > 0 else { return 1 }
        // Two equal halves, for the line in the middle.
        return max(2, (largest / (2 * step)).rounded(.up) * 2) * step
    }

    private func place(_ moment: Timestamp) -> Double {
        let whole = max(1, span.upperBound.since(span.lowerBound).inSeconds)
        return moment.since(span.lowerBound).inSeconds / whole * Self.width
    }

    private func level(_ value: Double, top: Double) -> Double { Self.height - 1 - value / top * (Self.height - 2) }

    private func lines(top: Double) -> [HTML] {
        var paths: [HTML] = []
        for stretch in points.split(whereSeparator: { $0.value == nil }) {
            var path = ""
            for (index, point) in stretch.enumerated() {
                let (x, y) = (place(point.at), level(point.value ?? 0, top: top))
                path += "\(index == 0 ? "M" : "L")\(Self.digits(x)) \(Self.digits(y))"
            }
            // A single point is a dot.
            if stretch.count == 1 { path += "h2" }
            guard let first = stretch.first, let last = stretch.last else { continue }
            let area = "\(path)L\(Self.digits(place(last.at))) 239L\(Self.digits(place(first.at))) 239Z"
            paths.append("<path class=\"area\" d=\"\(area)\"/><path class=\"line\" d=\"\(path)\"/>")
        }
        return paths
    }

    private func limitLine(top: Double) -> HTML {
        guard let limit else { return "" }
        return "<path class=\"limit\" d=\"M0 \(Self.digits(level(limit, top: top)))H1000\"/>"
    }

    private var ticks: [HTML] {
        let isShort = span.upperBound.since(span.lowerBound) < .seconds(600)
        return (0...4).map { index in
            let share = Double(index) / 4
            let moment = span.lowerBound.advanced(by: span.upperBound.since(span.lowerBound) * share)
            return "<span>\(index == 4 ? "now" : isShort ? Figures.timeOfDay(moment) : Figures.time(moment))</span>"
        }
    }

    private static func digits(_ value: Double) -> String { String((value * 10).rounded() / 10) }

    private static func power(_ base: Double, _ exponent: Int) -> Double {
        (0..<exponent).reduce(1) { product, _ in product * base }
    }
}
