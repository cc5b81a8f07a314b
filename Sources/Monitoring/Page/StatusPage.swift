import Crypto
import Foundation
import Purging
import Support

/// The status page: one HTML document that needs nothing else, readable on a phone, without a mouse and in the dark.
///
/// Its script only renews what is shown every five seconds; without scripts the browser loads it anew.
struct StatusPage {
    let state: MonitorState

    init(_ state: MonitorState) { self.state = state }

    static let contentSecurityPolicy =
        "default-src 'none'; style-src '\(digest(PageStyle.css))'; script-src '\(digest(PageStyle.script))';"
        + " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    private static func digest(_ text: String) -> String {
        "sha256-" + Data(SHA256.hash(data: Data(text.utf8))).base64EncodedString()
    }

    var html: String {
        let page: HTML = """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>\(title) – purge-old-records</title>
            <link rel="icon" href="data:,">
            <noscript><meta http-equiv="refresh" content="30"></noscript>
            <style>\(HTML(markup: PageStyle.css))</style>
            </head>
            <body>
            <main id="state">
            \(header)\(pauses)\(problems)\(now)\(backlog)\(nodes)\(reasons)\(runs)
            </main>
            <footer>
            <button type="button" id="updates" hidden>Stop updating</button>
            <span>Times are in UTC.</span> <a href="/metrics">Metrics</a> <a href="/status">JSON</a>
            </footer>
            <script>\(HTML(markup: PageStyle.script))</script>
            </body>
            </html>

            """
        return page.text
    }

    /// What it does, in a word, and how that is to be seen. Where its database doesn't answer and nothing moves, it does nothing,
    /// whatever it is in the middle of.
    private var badge: (word: String, style: String) {
        if state.database.isLost, state.pause == nil, state.rate == 0, state.phase != .stopping {
            return ("No database", "bad")
        }
        if state.phase == .idle, state.book.runs.first?.summary.stopReason.isError == true {
            return ("Last run failed", "bad")
        }
        return (word, state.phase.name)
    }

    private var title: String {
        let count = problems.count
        return count == 0 ? badge.word : "\(badge.word), \(Figures.counted(count, "problem"))"
    }

    private var word: String {
        switch state.phase {
        case .beginning: "Beginning"
        case .waiting, .waitingForNodes: "Waiting"
        case .purging: "Purging"
        case .rehearsing: "Dry run"
        case .paused(let reason): reason.isThrottle ? "Throttled" : "Paused"
        case .ending: "Ending"
        case .idle: "Idle"
        case .stopping: "Stopping"
        }
    }

    /// What is shown on demand, if there is any; the script keeps it open by its id.
    static func fold<Item>(_ id: String, _ items: [Item], named noun: String, _ table: ([Item]) -> HTML) -> HTML {
        if items.isEmpty { return "" }
        return """
            <details id="\(id)"><summary>\(Figures.counted(items.count, noun))</summary>
            \(table(items))</details>
            """
    }

    private var problemBadge: HTML {
        problems.isEmpty ? "" : " <span class=\"badge bad\">\(Figures.counted(problems.count, "problem"))</span>"
    }

    private var header: HTML {
        let program = state.program
        let shard: HTML = program.shard.isEmpty ? "" : "<dt>Shard</dt><dd>\(program.shard)</dd>"
        return """
            <header>
            <h1>purge-old-records <span class="badge \(badge.style)">\(badge.word)</span>\(problemBadge)</h1>
            <dl class="facts">
            <dt>Database</dt><dd>\(program.database)</dd>\(shard)
            <dt>Running for</dt><dd>\(Figures.wholeSeconds(state.now.since(program.startedAt)))</dd>
            <dt>Version</dt><dd>\(program.version)</dd>
            <dt>As of</dt><dd><time>\(Figures.dateAndTime(state.now))</time> UTC</dd>
            </dl>
            </header>

            """
    }

    private var now: HTML {
        var tiles: [HTML] = []
        func tile(_ name: String, _ value: String, _ note: String = "") {
            tiles.append("<div><dt>\(name)</dt><dd>\(value)<small>\(note)</small></dd></div>")
        }
        let totals = state.totals
        if let run = state.run {
            tile(
                "Deleted in this run",
                Figures.grouped(run.summary.deletedTotal),
                "records; \(Figures.grouped(totals.deletedTotal)) since the program's start"
            )
            if state.pause == nil { tile("Speed", "\(Figures.rate(state.rate))/s", "over ten seconds") }
            tile("In progress", Figures.grouped(run.inProgress), "records; \(Figures.grouped(run.pending)) pending")
            if let (shortest, longest) = timeLeft {
                let speed = state.rate > 0.01 ? "at this speed" : "at the last minute's speed"
                tile("Time left", shortest, longest == shortest ? speed : "to \(longest), \(speed)")
            }
            if let reached = run.reached {
                tile("Position", Figures.day(reached), "in the backlog: records replaced by then were read")
            }
        }
        if let started = state.book.runStartedAt {
            let isToday = Figures.day(started) == Figures.day(state.now)
            tile("Run started", Figures.time(started), isToday ? "UTC" : "UTC, on \(Figures.day(started))")
        }
        if let next = state.nextRun {
            tile("Next run", Figures.time(next), "UTC, in \(Figures.wholeSeconds(max(.zero, next.since(state.now))))")
        }
        if state.run == nil {
            tile("Deleted since the program's start", Figures.grouped(totals.deletedTotal), "records")
        }
        return "<section><h2>Now</h2>\n<dl class=\"tiles\">\(tiles)</dl></section>\n"
    }

    /// What is left of the backlog, but for what waits or is held, at the speed of the last ten seconds and of the last minute.
    private var timeLeft: (shortest: String, longest: String)? {
        guard let backlog = state.backlog, let run = state.run, run.summary.shard == nil, state.pause == nil else {
            return nil
        }
        let left = backlog.records - backlog.waiting - run.summary.heldTotal
        let speeds = [state.rate, state.minuteRate].filter { $0 > 0.01 }
        guard left > 0, let slow = speeds.min(), let fast = speeds.max() else { return nil }
        let (shortest, longest) = (Double(left) / fast, Double(left) / slow)
        guard longest < 1e9 else { return nil }
        return (Figures.timeLeft(.seconds(shortest)), Figures.timeLeft(.seconds(longest)))
    }
}
