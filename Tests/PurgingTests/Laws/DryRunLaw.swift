import Purging
import TestSupport
import Testing

@Suite("Law 7: a dry run covers the whole backlog, and changes nothing")
struct DryRunLaw {
    @Test("it counts what a purge then does", arguments: Seeds.some(60) + [5_686_926_635])
    func sameAsPurge(_ seed: UInt64) throws {
        let dry = RandomWorld(seed: seed, allowed: [.good])
        let rehearsal = try dry.fixture.dryRun()
        #expect(dry.fixture.store.settlementsAsked.isEmpty)
        #expect(dry.fixture.nodes.exchanges.isEmpty)
        #expect(dry.deletedUIDs.isEmpty)
        #expect(rehearsal.isDryRun && rehearsal.stopReason == .complete)
        // The same world again, purged.
        let purge = RandomWorld(seed: seed, allowed: [.good])
        let run = try purge.fixture.run()
        // What is deleted changes which record the next login takes for the current one, so where an account's data lies on
        // storages that key differently, the run's decisions depend on their order.
        let directory = NodeDirectory(nodes: dry.fixture.store.nodeRows.map(\.node), policy: dry.fixture.policy)
        let accounts = Dictionary(grouping: dry.before.values, by: { $0.email.fxaUID })
        let mixed = accounts.values.filter { records in
            Set(records.map { directory[$0.nodeID]?.keying }).count > 1
        }
        let unsure = mixed.map(\.count).reduce(0, +)
        #expect(abs(rehearsal.deletedTotal - run.deletedTotal) <= unsure)
        #expect(abs(rehearsal.heldTotal - run.heldTotal) <= unsure)
        if unsure > 0 { return }
        #expect(rehearsal.deleted == run.deleted)
        #expect(rehearsal.held == run.held && rehearsal.failed == run.failed)
        #expect(rehearsal.waiting[.tombstoneLast] ?? 0 == run.waiting[.tombstoneLast] ?? 0)
        #expect(rehearsal.exitCode(isStrict: false) == run.exitCode(isStrict: false))
        #expect(rehearsal.exitCode(isStrict: true) == run.exitCode(isStrict: true))
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
