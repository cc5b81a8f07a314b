@testable import Purging
import TestSupport
import Testing

@Suite("Law 8: killed at any instant, nothing is lost")
struct CrashLaw {
    @Test("a settlement that fails ends the run with an error, and the next run finishes", arguments: [1, 2, 5])
    func settleError(_ failing: Int) throws {
        var options = RunOptions()
        options.settler.batchSize = 5
        let fixture = RunFixture(nodes: 2, records: .obsolete(1...40) { $0 % 2 + 1 }, options: options)
        let counter = CallCounter(failingAt: failing)
        fixture.store.beforeCall { call in
            if case .settle = call { try counter.call() }
        }
        let first = try fixture.run()
        #expect(first.stopReason == .storeFailed("lost"))
        #expect(first.exitCode(isStrict: false) == 1)
        #expect(first.deletedTotal == 40 - fixture.uids.count)
        #expect(!fixture.uids.isEmpty)
        let second = try fixture.run()
        #expect(second.stopReason == .complete)
        #expect(fixture.uids.isEmpty)
        #expect(first.deletedTotal + second.deletedTotal == 40)
        #expect(fixture.store.nodeRows.map(\.available) == [120, 120])
    }

    @Test("a batch that was written although its answer got lost frees its slots once")
    func lostAnswer() throws {
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...40))
        let counter = CallCounter(failingAt: 1)
        fixture.store.afterSettling { try counter.call() }
        let first = try fixture.run()
        #expect(first.stopReason == .storeFailed("lost"))
        try fixture.run()
        #expect(fixture.uids.isEmpty)
        #expect(fixture.store.nodeRows.map(\.available) == [140])
    }
}
