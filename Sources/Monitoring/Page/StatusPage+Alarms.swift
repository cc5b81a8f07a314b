import Purging
import Support

/// What somebody who opens the page should see first.
extension StatusPage {
    /// Why nothing new is sent, where that is nobody's fault.
    var pauses: [HTML] {
        var alarms: [HTML] = []
        if let reason = state.pause {
            alarms.append(
                "<p class=\"alarm mild\" role=\"status\">\(reason.isThrottle ? "Throttled by" : "Paused, because") \(reason.description).</p>\n"
            )
        }
        if case .waiting(let instance) = state.phase {
            alarms.append(
                """
                <p class="alarm mild" role="status">Another instance purges this backlog (\(instance)); this one begins once \
                that one ends.</p>

                """
            )
        }
        if case .waitingForNodes(let waits) = state.phase {
            let nodes = waits.prefix(5).map { wait in
                "\(wait.url) until \(Figures.time(state.now.advanced(by: wait.time))) (\(wait.reason))"
            }
            let more =
                waits.count > nodes.count ? ", and \(Figures.counted(waits.count - nodes.count, "other node"))" : ""
            alarms.append(
                "<p class=\"alarm mild\" role=\"status\">The run waits for \(nodes.joined(separator: ", "))\(more).</p>\n"
            )
        }
        return alarms
    }

    /// What somebody should see to.
    var problems: [HTML] {
        var alarms: [HTML] = []
        if state.database.isLost, let problem = state.database.problem {
            let since = state.database.answeredAt.map { ", since \(Figures.time($0))" } ?? ""
            alarms.append(
                "<p class=\"alarm\" role=\"status\">The database does not answer\(since); it is asked again and again: \(problem)</p>\n"
            )
        }
        if let margin = state.ageObjectiveMargin, margin < .zero {
            alarms.append(
                """
                <p class="alarm" role="status">The age objective is missed: the oldest obsolete record is \
                \(Figures.wholeSeconds(.zero - margin)) too old.</p>

                """
            )
        }
        if let last = state.book.runs.first, last.summary.stopReason.isError,
            let detail = last.summary.stopReason.detail
        {
            alarms.append(
                "<p class=\"alarm\" role=\"status\">The last run failed, at \(Figures.dateAndTime(last.endedAt)): \(detail)</p>\n"
            )
        }
        let troubled = state.nodes.filter(\.isOutOfUse).sorted { $0.url < $1.url }
        if !troubled.isEmpty {
            let all = Figures.counted(state.nodes.count, "node")
            let named = troubled.prefix(Self.namedNodes).map(\.url).joined(separator: ", ")
            let more = troubled.count - min(troubled.count, Self.namedNodes)
            alarms.append(
                """
                <p class="alarm mild" role="status">\(Figures.grouped(troubled.count)) of \(all) \
                \(troubled.count == 1 ? "is" : "are") in trouble: \(named)\(more > 0 ? ", and \(Figures.grouped(more)) more" : ""). \
                What is on them stays as it is until they answer a probe, in this run or in the next.</p>

                """
            )
        }
        // What looks like an accident waits for somebody's word, and nothing else tells of it.
        let run = state.run?.summary ?? state.book.runs.first?.summary
        if let mass = run?.held[.massUnassigned], mass > 0 {
            alarms.append(
                """
                <p class="alarm mild" role="status">\(Figures.counted(mass, "record")) \(mass == 1 ? "is" : "are") held, as very \
                many of one node were replaced in the same millisecond: see below how to confirm that it was meant.</p>

                """
            )
        }
        return alarms
    }

    private static let namedNodes = 3
}
