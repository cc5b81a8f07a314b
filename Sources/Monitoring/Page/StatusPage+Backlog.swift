import Purging
import Support

/// How large and how old the backlog is, and how that went over the last hours.
extension StatusPage {
    var backlog: HTML {
        // Up to this moment.
        let latest = state.sample(deleted: state.history.last?.deleted ?? 0)
        let isYoung = !state.seconds.isEmpty
        let samples = (isYoung ? state.seconds : state.history) + [latest]
        // A young program's plots begin when it did, and no earlier.
        let start = min(state.program.startedAt, state.now.advanced(by: .seconds(-10)))
        let span = max(start, state.now.advanced(by: .zero - SampleHistory.span))...state.now
        let objective = state.program.ageObjective
        let records = Plot(
            title: "Records in the backlog",
            summary: sizeInWords,
            points: samples.map { Plot.Point(at: $0.at, value: $0.records.map { Double($0) }) },
            span: span,
            label: Figures.short
        )
        let age = Plot(
            title: "Age of the oldest",
            summary: ageInWords + (objective == nil ? "" : "; the dashed line is the objective"),
            points: samples.map { Plot.Point(at: $0.at, value: $0.oldestAge?.inSeconds) },
            span: span,
            limit: objective?.inSeconds,
            label: { $0 == 0 ? "0" : Figures.seconds($0) },
            steps: Plot.durationSteps
        )
        let deleted = Plot(
            title: "Deleted here per minute",
            summary: "\(Figures.grouped(state.deletedInMinute)) in the last minute",
            points: isYoung ? deletedPerMinute : state.history.map { Plot.Point(at: $0.at, value: Double($0.deleted)) },
            span: span,
            label: Figures.short
        )
        return """
            <section><h2>Backlog</h2>
            \(ageObjectiveInWords)\(waiting)<div class="plots">
            \(records.html)\(age.html)\(deleted.html)</div></section>

            """
    }

    /// By the second, over ten seconds each.
    private var deletedPerMinute: [Plot.Point] {
        state.seconds.indices.map { index in
            let some = state.seconds[max(0, index - 9)...index]
            let deleted = some.reduce(0) { $0 + $1.deleted }
            return Plot.Point(at: state.seconds[index].at, value: Double(deleted) * 60 / Double(some.count))
        }
    }

    private var sizeInWords: String {
        guard let backlog = state.backlog else {
            return state.book.notCounted.map { "not counted: \($0)" } ?? "not counted yet"
        }
        let age = Figures.wholeSeconds(max(.zero, state.now.since(backlog.countedAt)))
        return "\(Figures.grouped(backlog.records)); counted \(age) ago, less what was deleted here since"
    }

    private var ageInWords: String {
        guard let age = state.oldestAge else { return "not known" }
        return age == .zero ? "the backlog is empty" : "\(Figures.wholeSeconds(age)) since it was replaced"
    }

    private var ageObjectiveInWords: HTML {
        guard let objective = state.program.ageObjective else { return "" }
        guard let margin = state.ageObjectiveMargin else {
            return "<p>Age objective: \(Figures.wholeSeconds(objective)). It is not known yet whether it is met.</p>\n"
        }
        let text: HTML =
            margin < .zero
            ? "<strong class=\"bad\">missed by \(Figures.wholeSeconds(.zero - margin))</strong>"
            : "<strong class=\"good\">met, with \(Figures.wholeSeconds(margin)) to spare</strong>"
        return "<p>Age objective: no obsolete record older than \(Figures.wholeSeconds(objective)); \(text).</p>\n"
    }

    private var waiting: HTML {
        guard let waiting = state.backlog?.waiting, waiting > 0 else { return "" }
        return
            "<p>\(Figures.counted(waiting, "record")) of these \(waiting == 1 ? "waits" : "wait") for nodes that are marked as down.</p>\n"
    }
}
