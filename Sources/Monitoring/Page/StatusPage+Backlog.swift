import Purging

/// How large and how old the backlog is, and how that went over the last hours.
extension StatusPage {
    var backlog: HTML {
        // Up to this moment.
        let latest = state.sample(deleted: state.history.last?.deleted ?? 0)
        let samples = state.history + [latest]
        let oldest = samples.first?.at ?? state.now
        let hour = state.now.advanced(by: .seconds(-3600))
        let span = max(min(oldest, hour), state.now.advanced(by: .zero - History.span))...state.now
        let promise = state.program.promise
        let records = Plot(
            title: "Records in the backlog",
            summary: sizeInWords,
            points: samples.map { Plot.Point(at: $0.at, value: $0.records.map { Double($0) }) },
            span: span,
            label: Figures.short
        )
        let age = Plot(
            title: "Age of the oldest",
            summary: ageInWords + (promise == nil ? "" : "; the dashed line is the promise"),
            points: samples.map { Plot.Point(at: $0.at, value: $0.oldestAge?.inSeconds) },
            span: span,
            limit: promise?.inSeconds,
            label: { $0 == 0 ? "0" : Figures.seconds($0) },
            steps: Plot.durationSteps
        )
        let deleted = Plot(
            title: "Deleted here per minute",
            summary: "\(Figures.grouped(latest.deleted)) in the last one",
            points: state.history.map { Plot.Point(at: $0.at, value: Double($0.deleted)) },
            span: span,
            label: Figures.short
        )
        return """
            <section><h2>Backlog</h2>
            \(promiseInWords)\(waiting)<div class="plots">
            \(records.html)\(age.html)\(deleted.html)</div></section>

            """
    }

    private var sizeInWords: String {
        guard let backlog = state.backlog else {
            return state.book.notCounted.map { "not counted: \($0)" } ?? "not counted yet"
        }
        let age = Figures.duration(max(.zero, state.now.since(backlog.countedAt)))
        return "\(Figures.grouped(backlog.records)); counted \(age) ago, less what was deleted here since"
    }

    private var ageInWords: String {
        guard let age = state.oldestAge else { return "not known" }
        return age == .zero ? "nothing is obsolete" : "\(Figures.duration(age)) since it was replaced"
    }

    private var promiseInWords: HTML {
        guard let promise = state.program.promise else { return "" }
        guard let margin = state.promiseMargin else {
            return "<p>Promised: gone within \(Figures.duration(promise)); whether that is kept is not known yet.</p>\n"
        }
        let text: HTML =
            margin < .zero
            ? "<strong class=\"bad\">broken by \(Figures.duration(.zero - margin))</strong>"
            : "<strong class=\"good\">kept, with \(Figures.duration(margin)) to spare</strong>"
        return "<p>Promised: everything obsolete is gone within \(Figures.duration(promise)); \(text).</p>\n"
    }

    private var waiting: HTML {
        guard let waiting = state.backlog?.waiting, waiting > 0 else { return "" }
        return "<p>\(waiting) of these records are on nodes that are marked as down, and wait for them.</p>\n"
    }
}
