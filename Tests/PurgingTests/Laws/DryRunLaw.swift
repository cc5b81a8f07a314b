import Purging
import TestSupport
import Testing

@Suite("Law 7: a dry run covers the whole backlog, and changes nothing")
struct DryRunLaw {
    @Test("it counts what a purge then does", arguments: Seeds.some(30))
    func sameAsPurge(_ seed: UInt64) throws {
        let dry = RandomWorld(seed: seed, allowed: [.good])
        let rehearsal = try dry.fixture.dryRun()
        #expect(dry.fixture.store.settlementsAsked.isEmpty)
        #expect(dry.fixture.nodes.exchanges.isEmpty)
        #expect(dry.deletedUIDs.isEmpty)
        #expect(rehearsal.isDryRun && rehearsal.stopReason == .complete)
        let actions = dry.firstActions.filter { uid, action in
            guard let record = dry.before[uid] else { return false }
            return dry.fixture.options.scope(cutoff: rehearsal.cutoff).contains(record) && action != .wait(.nodeDown)
        }
        let holds = actions.values.count { if case .hold = $0 { true } else { false } }
        let failures = actions.values.count { if case .fail = $0 { true } else { false } }
        let waits = actions.values.count { $0 == .wait(.tombstoneLast) }
        #expect(rehearsal.read == actions.count)
        #expect(rehearsal.heldTotal == holds && rehearsal.failedTotal == failures)
        #expect(rehearsal.deletedTotal == actions.count - holds - failures - waits)
    }

    @Test("it stops after as many deletions of data as --max-records allows")
    func maxRecords() throws {
        var options = RunOptions()
        options.maxRecords = 3
        let summary = try RunFixture(nodes: 1, records: .obsolete(1...9), options: options).dryRun()
        #expect(summary.dataDeleted == 3)
        #expect(summary.stopReason == .maxRecords)
    }
}
