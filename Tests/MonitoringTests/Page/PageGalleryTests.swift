import Foundation
@testable import Monitoring
import Purging
import Support
import TestSupport
import Testing

/// The states that a program comes into in months, each in a real browser: on a desk, on a phone, in the dark, on paper, and
/// without scripts. What must hold of every page is checked by ``PageBrowser``; the pictures are for people.
@Suite("The status page in every state", .serialized)
struct PageGalleryTests {
    private static let day = Duration.seconds(86_400)
    private static let url = "https://sync-1-us-west-2.sync.services.example.com"

    private func look(_ world: World, _ name: String, _ looks: [String] = PageBrowser.all) async throws -> [String] {
        let server = try await MonitoringServer.start(host: "127.0.0.1", port: 0, monitor: world.monitor)
        let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/"))
        let seen = Result { try PageBrowser.look(at: url, name, looks) }
        await server.stop()
        return try seen.get().map(\.text)
    }

    /// A service with an objective whose first run is under way.
    private func purging(records: Int = 3_400_000, ageDays: Int = 21) -> World {
        let world = World(ageObjective: Self.day * 30)
        let oldest = world.time.wallTime.advanced(by: .zero - Self.day * ageDays)
        world.probe.answers(records == 0 ? .empty : .oldest(oldest))
        world.ledger.observe(.started(nil))
        world.ledger.observe(.backlogCountBegan)
        world.ledger.observe(
            .backlogCounted(
                BacklogSize(
                    purgeable: records,
                    waitingForDownedNodes: records / 500,
                    oldest: records == 0 ? nil : oldest
                ),
                now: world.time.wallTime
            )
        )
        return world
    }

    private func delete(_ count: Int, _ world: World) {
        for _ in 0..<count { world.ledger.observe(.recordDeleted(UID(1), NodeID(1), .notDown)) }
    }

    private func nodes(_ count: Int) -> [NodeStatus] {
        (1...count).map { number in
            NodeStatus(
                url: Self.url.replacing("sync-1", with: "sync-\(number)"),
                state: .healthy,
                limit: 8 + number % 25,
                inFlight: number % 9,
                waiting: number * 7 % 400,
                latency: 0.012 + Double(number % 40) / 100,
                latencyAtRest: 0.011
            )
        }
    }

    private func summary(_ change: (inout RunSummary) -> Void = { _ in }) -> RunSummary {
        var summary = RunSummary()
        summary.duration = .seconds(754)
        summary.deleted = [.notDown: 61_234, .sharedData: 12_345, .nodeless: 12]
        change(&summary)
        return summary
    }

    /// Publishes the run that is under way, at this moment.
    private func publish(
        _ world: World,
        pause: PauseReason? = nil,
        nodes: [NodeStatus]? = nil,
        waits: [NodeWait] = [],
        _ change: (inout RunSummary) -> Void = { _ in }
    ) {
        world.board.publish(
            RunStatus(
                pause: pause,
                summary: summary { summary in
                    let deleted = world.ledger.totals.deletedTotal
                    summary.deleted = [.notDown: deleted * 5 / 6, .sharedData: deleted - deleted * 5 / 6]
                    change(&summary)
                },
                reached: world.time.wallTime.advanced(by: .zero - Self.day * 12),
                pending: 1200,
                inProgress: 96,
                nodes: nodes ?? self.nodes(5),
                waits: waits
            ),
            at: world.time.now
        )
    }

    @Test("the first minute of its first run")
    func firstMinute() async throws {
        let world = purging()
        await world.watch(seconds: 40) { second in delete(150 + second * 3 % 40, world) }
        publish(world)
        let text = try await look(world, "first-minute").first ?? ""
        #expect(text.contains("Purging") && text.contains("met, with 8 d"))
    }

    @Test("all is well")
    func good() async throws {
        let world = purging()
        await world.watch(seconds: 2 * 3600) { second in delete(120 + second / 60 % 50, world) }
        publish(world)
        _ = try await look(world, "good")
    }

    @Test("after a month of hourly runs")
    func month() async throws {
        let world = purging(records: 2_000)
        world.time.advance(by: Self.day * 29)
        for run in 0..<20 {
            world.time.advance(by: .seconds(4100))
            world.ledger.observe(
                .finished(
                    summary { summary in
                        summary.stopReason = run == 3 ? .storeFailed("the server has gone away (2006)") : .complete
                        summary.held = [.writtenSince: 12, .lastRecord: run == 0 ? 0 : 3]
                        summary.failed = run == 5 ? [.http5xx: 2] : [:]
                    }
                )
            )
        }
        for _ in 0..<240 { world.ledger.observe(.recordHeld(UID(1), NodeID(1), .writtenSince, until: nil)) }
        for _ in 0..<2 { world.ledger.observe(.recordFailed(UID(1), NodeID(1), .http5xx)) }
        world.probe.answers(.oldest(world.time.wallTime.advanced(by: .zero - Self.day * 1.5)))
        await world.watch(seconds: 12 * 3600) { second in
            if second % 4000 < 700 { delete(60, world) }
            if second % 4000 == 0 {
                let size = BacklogSize(
                    purgeable: 44_000 + second / 4000 % 3 * 9000,
                    waitingForDownedNodes: 0,
                    oldest: world.time.wallTime.advanced(by: .zero - Self.day * 1.5)
                )
                world.ledger.observe(.backlogCountBegan)
                world.ledger.observe(.backlogCounted(size, now: world.time.wallTime))
            }
        }
        publish(world)
        world.ledger.observe(.finished(summary()))
        world.board.clear(sawAll: true)
        world.board.wait(forRunAt: world.time.wallTime.advanced(by: .seconds(2311)))
        let text = try await look(world, "month").first ?? ""
        for word in ["Idle", "Running for\n30 d", "Next run", "written_since"] {
            #expect(text.contains(word), "\(word)")
        }
        // That a run failed long ago is no alarm any more.
        #expect(!text.contains("The last run failed"))
    }

    @Test("an empty backlog")
    func empty() async throws {
        let world = purging(records: 0)
        world.ledger.observe(.finished(summary { $0.deleted = [:] }))
        world.board.clear(sawAll: true)
        world.board.wait(forRunAt: world.time.wallTime.advanced(by: .seconds(3000)))
        await world.watch(seconds: 700)
        let text = try await look(world, "empty").first ?? ""
        #expect(text.contains("the backlog is empty"))
    }

    @Test("paused, throttled, and waiting for nodes: why, and by what")
    func pauses() async throws {
        for (name, pause) in [
            ("paused-file", PauseReason.file("/run/purge/pause")),
            ("paused-window", .outsideWindows(opensAt: "Sun, 02:00 Europe/Berlin")),
            ("throttled", .throttled(by: "--max-lag of replica-2.db.example.com:3306", found: "it lags by 41 s")),
        ] {
            let world = purging()
            await world.watch(seconds: 1200) { second in if second < 900 { delete(150, world) } }
            world.ledger.observe(.paused(pause))
            publish(world, pause: pause)
            let text = try await look(world, name, ["1280-light", "390-dark"]).first ?? ""
            #expect(text.contains(pause.isThrottle ? "Throttled" : "Paused"))
        }
        let world = purging()
        await world.watch(seconds: 1200) { second in if second < 900 { delete(150, world) } }
        var quiet = nodes(3)
        quiet[1] = .named(quiet[1].url, .backingOff(for: .seconds(412)), limit: 1, inFlight: 0)
        publish(
            world,
            nodes: quiet,
            waits: [NodeWait(url: quiet[1].url, time: .seconds(412), reason: "it asked for quiet")]
        )
        let text = try await look(world, "waiting", ["1280-light", "390-dark"]).first ?? ""
        #expect(text.contains("Waiting") && text.contains("it asked for quiet"))
    }

    @Test("nodes in every trouble there is")
    func trouble() async throws {
        let world = purging(ageDays: 34)
        await world.watch(seconds: 1200) { _ in delete(20, world) }
        let states: [NodeStatus.State] = [
            .circuitOpen(.unreachable), .circuitOpen(.serverErrors), .abandoned(.decommissioned),
            .abandoned(.keepsAskingForQuiet), .backingOff(for: .seconds(95)), .unproven, .healthy,
        ]
        let nodes = zip(1..., states).map { number, state in
            NodeStatus.named(Self.url.replacing("sync-1", with: "sync-\(number)"), state, limit: 1, inFlight: 0)
        }
        publish(world, nodes: nodes) { summary in
            summary.failed = [.connect: 40, .http4xx: 2]
            summary.held = [.massUnassigned: 48_211, .notFound: 2]
        }
        for _ in 0..<40 { world.ledger.observe(.recordFailed(UID(1), NodeID(1), .connect)) }
        for _ in 0..<48_211 { world.ledger.observe(.recordHeld(UID(1), NodeID(1), .massUnassigned, until: nil)) }
        let text = try await look(world, "trouble").first ?? ""
        for word in [
            "missed by 4 d", "mass_unassigned", "decommissioned", "4 of 7 nodes are in trouble: https://sync-1-us",
            "48,211 records are held",
        ] { #expect(text.contains(word), "\(word)") }
    }

    @Test("the database is lost in a run")
    func databaseLost() async throws {
        let world = purging()
        await world.watch(seconds: 900) { second in
            if second < 700 { delete(150, world) } else { world.probe.fails() }
        }
        publish(world)
        let text = try await look(world, "database-lost").first ?? ""
        #expect(text.contains("The database does not answer") && !text.contains("Purging"))
    }

    @Test("the last run failed")
    func failed() async throws {
        let world = purging()
        world.ledger.observe(
            .finished(
                summary {
                    $0.deleted = [:]; $0.stopReason = .secretRefused
                }
            )
        )
        world.board.wait(forRunAt: world.time.wallTime.advanced(by: .seconds(3100)))
        await world.watch(seconds: 400)
        let text = try await look(world, "failed").first ?? ""
        #expect(text.contains("The last run failed"))
    }

    @Test("two hundred nodes: all that are in trouble are shown, and some of the others")
    func manyNodes() async throws {
        let world = purging(records: 220_000_000)
        await world.watch(seconds: 12 * 3600) { second in if second % 60 == 0 { delete(900, world) } }
        var nodes = nodes(200)
        for number in [3, 77, 199] {
            nodes[number] = .named(nodes[number].url, .circuitOpen(.overloaded), limit: 1, inFlight: 0)
        }
        publish(world, nodes: nodes)
        let text = try await look(world, "two-hundred-nodes", ["1280-light", "390-light"]).first ?? ""
        for number in [3, 77, 199] { #expect(text.contains(nodes[number].url)) }
        #expect(
            text.contains("85 more healthy nodes")
                && text.contains("100 more nodes")
        )
    }
}
