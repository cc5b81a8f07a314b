import Purging
import TestSupport
import Testing

@Suite("A shard")
struct ShardTests {
    @Test("each uid belongs to exactly one of them", arguments: [1, 2, 3, 16, 1024])
    func partition(count: Int) {
        let shards = Shard.all(count)
        #expect(shards.count == count)
        for uid in [-17, -1, 0, 1, 2, 15, 16, 17, 1_000_003, Int64.max, .min] {
            #expect(shards.filter { $0.contains(UID(uid)) }.count == 1, "\(uid)")
        }
    }

    @Test("there is none beyond their number")
    func bounds() {
        #expect(Shard(0, of: 0) == nil)
        #expect(Shard(-1, of: 4) == nil)
        #expect(Shard(4, of: 4) == nil)
        #expect(Shard(3, of: 4)?.description == "3/4")
    }

    @Test("a run purges its own share, and nothing else")
    func run() throws {
        let fixture = RunFixture(nodes: 1, records: (1...40).map { .obsolete(uid: $0) })
        for shard in Shard.all(4) {
            var options = fixture.options
            options.shard = shard
            let summary = try fixture.run(options)
            #expect(summary.deletedTotal == 10)
            #expect(summary.shard == shard)
            #expect(fixture.store.records.allSatisfy { !shard.contains($0.uid) })
        }
        #expect(fixture.store.records.isEmpty)
    }
}
