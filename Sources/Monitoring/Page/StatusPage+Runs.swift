import Purging
import Support

/// What was held and failed, and how the last runs ended.
extension StatusPage {
    var reasons: HTML {
        let totals = state.totals
        let run = state.run?.summary ?? state.book.runs.first?.summary
        let held = HoldReason.allCases.map { reason in
            Reason(
                word: "held",
                name: reason.rawValue,
                now: run?.held[reason] ?? 0,
                all: totals.held[reason] ?? 0,
                remedy: reason.remedy
            )
        }
        let failed = FailureReason.allCases.map { reason in
            Reason(
                word: "failed",
                name: reason.rawValue,
                now: run?.failed[reason] ?? 0,
                all: totals.failed[reason] ?? 0,
                remedy: reason.remedy
            )
        }
        let rows = (failed + held).filter { $0.now > 0 || $0.all > 0 }.map { reason -> HTML in
            """
            <tr><th scope="row">\(reason.word): \(reason.name)</th>\
            <td data-name="\(state.run == nil ? "Last run" : "This run")">\(reason.now)</td>\
            <td data-name="Times since the start">\(reason.all)</td>\
            <td data-name="What to do" class="text">\(reason.remedy)</td></tr>

            """
        }
        if rows.isEmpty {
            return """
                <section><h2>Held and failed</h2>
                <p class="quiet">Nothing was held, and nothing failed.</p></section>

                """
        }
        return """
            <section><h2>Held and failed</h2>
            <table class="cards"><thead><tr><th scope="col">Why</th>\
            <th scope="col">\(state.run == nil ? "Last run" : "This run")</th><th scope="col">Times since the start</th>\
            <th scope="col" class="text">What to do</th></tr></thead><tbody>
            \(rows)</tbody></table></section>

            """
    }

    private struct Reason {
        let word: String
        let name: String
        let now: Int
        let all: Int
        let remedy: String
    }

    var runs: HTML {
        if state.book.runs.isEmpty {
            return "<section><h2>Last runs</h2>\n<p class=\"quiet\">None has ended yet.</p></section>\n"
        }
        let (last, older) = (state.book.runs.prefix(Self.runsShown), state.book.runs.dropFirst(Self.runsShown))
        let fold = Self.fold("runs", Array(older), named: "older run", Self.table)
        return """
            <section><h2>Last runs</h2>
            \(Self.table(Array(last)))\(fold)</section>

            """
    }

    private static let runsShown = 5

    private static func table(_ runs: [RunLedger.FinishedRun]) -> HTML {
        let rows = runs.map { run -> HTML in
            let summary = run.summary
            let shard: HTML = summary.shard.map { " <small>shard \($0.description)</small>" } ?? ""
            let dry: HTML = summary.isDryRun ? " <small>dry run</small>" : ""
            return """
                <tr><th scope="row"><time>\(Figures.dateAndTime(run.endedAt))</time>\(shard)\(dry)</th>\
                <td data-name="Took">\(Figures.duration(summary.duration))</td>\
                <td data-name="Deleted">\(summary.isDryRun ? "would be " : "")\(summary.deletedTotal)</td>\
                <td data-name="Held">\(summary.heldTotal)</td>\
                <td data-name="Failed">\(summary.failedTotal)</td>\
                <td data-name="Skipped">\(summary.skippedTotal)</td>\
                <td data-name="Waiting">\(waiting(summary))</td>\
                <td data-name="Stopped because" class="text">\(reason(summary))</td></tr>

                """
        }
        return """
            <table class="cards"><thead><tr><th scope="col">Ended</th><th scope="col">Took</th>\
            <th scope="col">Deleted</th><th scope="col">Held</th><th scope="col">Failed</th>\
            <th scope="col">Skipped</th><th scope="col">Waiting</th><th scope="col" class="text">Stopped because</th></tr></thead><tbody>
            \(rows)</tbody></table>
            """
    }

    private static func waiting(_ summary: RunSummary) -> String {
        let isUnknown = summary.hasDownedNodes && summary.onDownedNodes == nil
        return isUnknown ? "–" : Figures.grouped(summary.waitingTotal)
    }

    private static func reason(_ summary: RunSummary) -> HTML {
        // Where no node accepted the secret, it is none of them that is at fault.
        let isSecret = summary.stopReason == .secretRefused || summary.stopReason == .secretUnproven
        let nodes = (isSecret ? [] : summary.troubledNodes).map { node in
            let left = node.records.map { ", \(Figures.counted($0, "record")) left" } ?? ""
            return "\(node.url) (\(node.reason)\(left))"
        }.joined(separator: ", ")
        let trouble: HTML = nodes.isEmpty ? "" : "<small>nodes in trouble: \(nodes)</small>"
        let class_ = summary.stopReason.isError ? "bad" : nodes.isEmpty ? "" : "fair"
        return "<span class=\"\(class_)\">\(summary.stopReason.text)</span> \(trouble)"
    }
}

extension StopReason {
    fileprivate var text: String {
        switch self {
        case .complete: "everything that could be purged was"
        case .incomplete: "it went through the backlog, but skipped records"
        case .stopRequested: "it was asked to stop"
        default: detail ?? name
        }
    }
}
