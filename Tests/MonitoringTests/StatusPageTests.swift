import Foundation
@testable import Monitoring
import Purging
import TestSupport
import Testing
import Support

@Suite("The status page")
struct StatusPageTests {
    private func html(_ world: World) -> String { StatusPage(world.monitor.state()).html }

    @Test("text from the database and the nodes can't become markup")
    func escaping() {
        let world = World()
        let status = RunStatus(
            pause: .file("/tmp/<b>&\"'"),
            summary: RunSummary(),
            nodes: [.named("https://<script>alert(1)</script>")]
        )
        world.board.publish(status, at: world.time.now)
        let html = html(world)
        #expect(html.components(separatedBy: "<script>").count == 2)
        #expect(html.contains("https://&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(html.contains("/tmp/&lt;b&gt;&amp;&quot;&#39;"))
        #expect(html.contains("SQLite /var/lib/&lt;tokenserver&gt;.db"))
    }

    @Test("asks for nothing from elsewhere")
    func selfContained() {
        let html = html(World())
        for attribute in ["src=", "@import", "url(", "//"] { #expect(!html.contains(attribute), "\(attribute)") }
        #expect(StatusPage.contentSecurityPolicy.hasPrefix("default-src 'none'; style-src 'sha256-"))
    }

    @Test("an empty program's page says what isn't known yet")
    func empty() {
        let html = html(World(ageObjective: .seconds(86_400)))
        for text in [
            "Beginning", "It is not known yet whether it is met", "not counted yet",
            "No run has had records of a node yet",
            "Nothing was held, and nothing failed", "None has ended yet",
        ] { #expect(html.contains(text), "\(text)") }
    }

    @Test("says why a node's circuit is open, and puts it before the others")
    func nodes() throws {
        let world = World()
        let status = RunStatus(
            summary: RunSummary(),
            nodes: [
                NodeStatus(
                    url: "https://dark",
                    state: .circuitOpen(.unreachable),
                    problem: "connection <refused>",
                    limit: 1
                ),
                .named("https://good"), .named("https://quiet", .backingOff(for: .seconds(90))),
                .named("https://bad", .circuitOpen(.serverErrors)), .named("https://left", .abandoned(.decommissioned)),
            ]
        )
        world.board.publish(status, at: world.time.now)
        let html = html(world)
        #expect(html.contains("circuit open: it answers with errors"))
        #expect(html.contains("circuit open: it can&#39;t be reached (connection &lt;refused&gt;); it is probed"))
        #expect(html.contains("abandoned: it is decommissioned"))
        #expect(html.contains("backing off as it asked, for 1 min 30 s"))
        let bad = try #require(html.range(of: "https://bad"))
        let good = try #require(html.range(of: "https://good"))
        #expect(bad.lowerBound < good.lowerBound)
    }

    @Test("shows at most a hundred nodes, and says how many more there are")
    func manyNodes() {
        let world = World()
        let nodes = (1...130).map { NodeStatus.named("https://node-\($0)") }
        world.board.publish(RunStatus(summary: RunSummary(), nodes: nodes), at: world.time.now)
        #expect(html(world).contains("30 more nodes not shown"))
    }

    @Test("plots begin when the program did, and have a point for each second of its first minutes")
    func young() async throws {
        let world = World()
        let minute = world.time.wallTime
        world.probe.answers(.oldest(minute.advanced(by: .seconds(-90_000))))
        await world.watch(seconds: 90)
        func points(_ html: String) -> Int {
            html.matches(of: #/<path class="line" d="([^"]*)"/#).map { $0.1.count { "ML".contains($0) } }.max() ?? 0
        }
        var page = StatusPage(world.monitor.state()).html
        #expect(points(page) > 60, "\(points(page))")
        // Ninety seconds from edge to edge: its first point is at the left.
        let first = try #require(page.firstMatch(of: #/<path class="line" d="M([0-9.]+) /#)).1
        #expect(try #require(Double(first)) < 60, "\(first)")
        await world.watch(seconds: 700)
        page = StatusPage(world.monitor.state()).html
        #expect((8...20).contains(points(page)), "\(points(page))")
    }

    @Test("a plot's axis ends at a round number above all that it shows", arguments: [0.0, 1, 7, 99, 1234, 5_000_000])
    func plots(largest: Double) throws {
        let now = Timestamp(1_700_000_000_000)
        let points = (0...10).map { step in
            Plot.Point(at: now.advanced(by: .seconds(step * 60)), value: step == 5 ? nil : largest * Double(step) / 10)
        }
        let plot = Plot(
            title: "T",
            summary: "S",
            points: points,
            span: now...now.advanced(by: .seconds(600)),
            label: { String($0) }
        )
        let html = plot.html.text
        // Two stretches, as there is a gap.
        #expect(html.components(separatedBy: "class=\"line\"").count == 3)
        let first = try #require(html.components(separatedBy: "aria-hidden=\"true\"><span>").dropFirst().first)
        let top = try #require(Double(first.prefix { $0 != "<" }))
        #expect(top >= largest && top <= max(2, largest * 2))
        #expect(!html.contains("nan") && !html.contains("inf"))
    }

    @Test("the state as JSON has the same facts")
    func json() throws {
        let world = World(ageObjective: .seconds(3600))
        var summary = RunSummary()
        summary.stopReason = .storeFailed("the disk is full")
        summary.deleted = [.notDown: 3]
        world.ledger.observe(.finished(summary))
        world.board.publish(
            RunStatus(pause: .file("p"), summary: RunSummary(), nodes: [.named("https://a", .circuitOpen(.misrouted))]),
            at: world.time.now
        )
        let json = StatusDocument(world.monitor.state()).json
        let object = try #require(JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
        #expect(object["state"] as? String == "paused")
        #expect(object["paused_because"] as? String == "the pause file p exists")
        let run = try #require((object["last_runs"] as? [[String: Any]])?.first)
        #expect(run["stop_reason"] as? String == "database_failed")
        #expect(run["detail"] as? String == "the disk is full")
        #expect(run["records_deleted"] as? Int == 3)
        let node = try #require((object["nodes"] as? [[String: Any]])?.first)
        #expect(node["state"] as? String == "circuit_open" && node["reason"] as? String == "misrouted")
        #expect((object["age_slo"] as? [String: Any])?["objective_s"] as? Double == 3600)
    }
}
