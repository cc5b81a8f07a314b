import Support

/// The words of the progress line: `purged 12,345 of 67,890 · 3 held · 1,234/s · 45 s left`.
///
/// A pure value. Kept free of anything a terminal would show wider or narrower than one column per character.
struct ProgressText {
    static let unknown = "—"

    var verb: String
    var done: Int
    var total: Int?
    var held: Int
    var failed: Int
    /// Of what is done, per second.
    var rate: Double?
    var left: Duration?

    var line: String {
        var parts = ["\(verb) \(Figures.grouped(done))"]
        if let total {
            parts[0] += " of \(Figures.grouped(total))"
        }
        if held > 0 {
            parts.append("\(Figures.grouped(held)) held")
        }
        if failed > 0 {
            parts.append("\(Figures.grouped(failed)) failed")
        }
        if let rate {
            parts.append("\(Figures.rate(rate))/s")
        }
        parts.append("\(left.map(Figures.timeLeft) ?? Self.unknown) left")
        return parts.joined(separator: " · ")
    }
}
