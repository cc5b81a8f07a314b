@testable import Monitoring
import Purging
import TestSupport
import Testing

@Suite("Metrics for Prometheus")
struct MetricsDocumentTests {
    private func text(_ world: World) -> String { MetricsDocument(world.monitor.state()).text }

    @Test("every reason has a series from the start, so that its first time is an increase")
    func fromTheStart() {
        let text = text(World())
        for reason in FailureReason.allCases {
            #expect(text.contains("purge_records_failed_total{reason=\"\(reason.rawValue)\"} 0\n"))
        }
        for reason in HoldReason.allCases {
            #expect(text.contains("purge_records_held_total{reason=\"\(reason.rawValue)\"} 0\n"))
        }
        for name in StopReason.names { #expect(text.contains("purge_runs_total{stop_reason=\"\(name)\"} 0\n")) }
        #expect(text.contains("purge_data_deleted_total{type=\"not_down\"} 0\n"))
        // What isn't known is left out.
        for name in ["backlog_records", "backlog_oldest_age", "age_slo", "last_run", "node_"] {
            #expect(!text.contains("\npurge_\(name)"), "\(name)")
        }
    }

    @Test("count what happened")
    func counts() {
        let world = World()
        let node = NodeID(1)
        world.ledger.observe(.started(nil))
        world.ledger.observe(.pageRead(records: 10))
        for uid in 1...4 as ClosedRange<Int64> {
            world.ledger.observe(.dataDeleted(UID(uid), node: "n", .notDown, elapsed: .milliseconds(uid * 20)))
            world.ledger.observe(.recordDeleted(UID(uid), node, .notDown))
        }
        world.ledger.observe(.recordDeleted(UID(5), node, .nodeless))
        world.ledger.observe(.recordFailed(UID(6), node, .http5xx))
        world.ledger.observe(.recordHeld(UID(7), node, .revivable, until: nil))
        world.ledger.observe(.recordChanged(UID(8)))
        let during = text(world)
        #expect(during.contains("purge_run_in_progress 1\n"))
        var summary = RunSummary()
        summary.held = [.revivable: 1]
        summary.duration = .milliseconds(2500)
        world.ledger.observe(.finished(summary))
        let text = text(world)
        for line in [
            "purge_run_in_progress 0", "purge_records_read_total 10",
            "purge_records_deleted_total{type=\"not_down\"} 4",
            "purge_records_deleted_total{type=\"nodeless\"} 1", "purge_data_deleted_total{type=\"not_down\"} 4",
            "purge_records_failed_total{reason=\"http_5xx\"} 1", "purge_records_held_total{reason=\"revivable\"} 1",
            "purge_held_records{reason=\"revivable\"} 1", "purge_records_changed_total 1",
            "purge_runs_total{stop_reason=\"complete\"} 1", "purge_last_run_duration_seconds 2.5",
            "purge_last_finished_run_timestamp_seconds 1700000000",
            // 20, 40, 60 and 80 ms, cumulative.
            "purge_delete_duration_seconds_bucket{le=\"0.01\"} 0",
            "purge_delete_duration_seconds_bucket{le=\"0.025\"} 1",
            "purge_delete_duration_seconds_bucket{le=\"0.05\"} 2", "purge_delete_duration_seconds_bucket{le=\"0.1\"} 4",
            "purge_delete_duration_seconds_bucket{le=\"+Inf\"} 4", "purge_delete_duration_seconds_sum 0.2",
            "purge_delete_duration_seconds_count 4",
        ] {
            #expect(text.contains("\n\(line)\n"), "\(line)")
        }
    }

    @Test(
        "a run that was stopped or failed is none that finished; one that left records out says nothing of all that is held"
    )
    func unfinished() {
        let world = World()
        for reason in [StopReason.stopRequested, .storeFailed("gone")] {
            var summary = RunSummary()
            summary.stopReason = reason
            world.ledger.observe(.finished(summary))
        }
        var shard = RunSummary()
        shard.shard = Shard(0, of: 4)
        var downed = RunSummary()
        downed.hasDownedNodes = true
        downed.onDownedNodes = 5
        #expect(!text(world).contains("purge_last_finished_run_timestamp_seconds"))
        world.ledger.observe(.finished(shard))
        world.ledger.observe(.finished(downed))
        let text = text(world)
        #expect(text.contains("purge_runs_total{stop_reason=\"database_failed\"} 1\n"))
        #expect(text.contains("purge_last_finished_run_timestamp_seconds 1700000000\n"))
        #expect(!text.contains("purge_held_records"))
    }

    @Test("a dry run counts what it read and would hold, and nothing as done")
    func dryRun() throws {
        let world = World(isDryRun: true)
        var summary = RunSummary()
        summary.isDryRun = true
        summary.deleted = [.notDown: 7]
        world.ledger.observe(.finished(summary))
        let run = try #require(StatusDocument(world.monitor.state()).lastRuns.first)
        #expect(run.recordsDeleted == nil && run.dataDeleted == nil && run.wouldDelete == 7)
        world.ledger.observe(.pageRead(records: 5))
        world.ledger.observe(.recordHeld(UID(1), NodeID(1), .goneNode, until: nil))
        world.ledger.observe(.recordDeleted(UID(1), NodeID(1), .notDown))
        let text = text(world)
        #expect(text.contains("purge_records_read_total 5\n"))
        #expect(text.contains("purge_records_held_total{reason=\"gone_node\"} 1\n"))
        #expect(text.contains("purge_records_deleted_total{type=\"not_down\"} 0\n"))
    }

    @Test("the backlog is what was counted, less what was deleted since")
    func backlog() {
        let world = World()
        let size = BacklogSize(purgeable: 100, waitingForDownedNodes: 7, oldest: nil)
        world.ledger.observe(.recordDeleted(UID(1), NodeID(1), .notDown))
        world.ledger.observe(.backlogCountBegan)
        // What goes while it is counted was still there when the count began.
        for uid in 502...506 as ClosedRange<Int64> {
            world.ledger.observe(.recordDeleted(UID(uid), NodeID(1), .notDown))
        }
        world.ledger.observe(.backlogCounted(size, now: world.time.wallTime))
        for uid in 7...31 as ClosedRange<Int64> {
            world.ledger.observe(.recordDeleted(UID(uid), NodeID(1), .notDown))
        }
        #expect(text(world).contains("\npurge_backlog_records 70\n"))
        #expect(text(world).contains("\npurge_backlog_waiting_records 7\n"))
        for uid in 32...500 as ClosedRange<Int64> {
            world.ledger.observe(.recordDeleted(UID(uid), NodeID(1), .notDown))
        }
        #expect(text(world).contains("\npurge_backlog_records 0\n"))
        // What was counted before says nothing once a count failed.
        world.ledger.observe(.backlogNotCounted("it took too long"))
        #expect(!text(world).contains("purge_backlog_records"))
    }

    @Test("the age objective is met or missed by what the database says", arguments: [(29, 1), (30, 0), (33, -3)])
    func ageObjective(age: Int, margin: Int) async {
        let world = World(ageObjective: .seconds(30 * 86_400))
        world.probe.answers(.oldest(world.time.wallTime.advanced(by: .seconds(-age * 86_400))))
        await world.watch(seconds: 0)
        let text = text(world)
        #expect(text.contains("\npurge_backlog_oldest_age_seconds \(age * 86_400)\n"), "\(text)")
        #expect(text.contains("\npurge_age_slo_seconds \(30 * 86_400)\n"))
        #expect(text.contains("\npurge_age_slo_margin_seconds \(margin * 86_400)\n"), "\(text)")
    }

    @Test("at most a hundred nodes have a series of their own, the same ones from then on; the rest is one")
    func manyNodes() {
        let world = World()
        func status(_ numbers: some Sequence<Int>) -> RunStatus {
            RunStatus(
                summary: RunSummary(),
                nodes: numbers.map { .named("https://node-\($0)", .circuitOpen(.overloaded)) }
            )
        }
        world.board.publish(status(1...90), at: world.time.now)
        #expect(!text(world).contains("node=\"other\""))
        world.board.publish(status((1...250).reversed()), at: world.time.now)
        let text = text(world)
        let limits = text.split(separator: "\n").filter { $0.hasPrefix("purge_node_request_limit{") }
        #expect(limits.count == 101)
        #expect(text.contains("purge_node_request_limit{node=\"https://node-90\"} 8\n"))
        #expect(text.contains("purge_node_requests_in_flight{node=\"other\"} \(150 * 3)\n"))
        #expect(text.contains("purge_node_circuit_open{node=\"other\"} 150\n"))
        #expect(!text.contains("purge_node_latency_seconds{node=\"other\"}"))
    }

    @Test("labels are escaped, and every family has its help and its type once")
    func format() {
        let world = World()
        world.board.publish(
            RunStatus(summary: RunSummary(), nodes: [.named("https://a\"b\\c\nd")]),
            at: world.time.now
        )
        let text = text(world)
        #expect(text.contains("{node=\"https://a\\\"b\\\\c\\nd\"}"))
        var types: [String] = []
        for line in text.split(separator: "\n") where line.hasPrefix("# TYPE ") {
            types.append(String(line.split(separator: " ")[2]))
        }
        #expect(Set(types).count == types.count)
        for name in types { #expect(text.contains("# HELP \(name) ")) }
    }
}
