import Testing

@testable import Purging

@Suite("The size of a batch")
struct BatchSizeTests {
    /// The sizes of so many batches, as large as they may be, on a database that takes so long for each.
    private func sizes(_ batches: Int, _ took: (_ round: Int, _ count: Int) -> Duration) -> [Int] {
        var size = BatchSize(smallest: 10, largest: 100, aim: .milliseconds(50))
        return (0..<batches).map { round in
            let count = size.value
            size.note(count, took: took(round, count))
            return count
        }
    }

    @Test("stays large where each commit takes long, whatever its size", arguments: [60, 100, 500])
    func farAway(milliseconds: Int) {
        let sizes = sizes(100) { _, _ in .milliseconds(milliseconds) }
        // Now and then it is tried whether smaller ones are quicker.
        #expect(sizes.reduce(0, +) > 100 * 80, "\(sizes)")
        #expect(sizes.allSatisfy { $0 >= 40 })
    }

    @Test("follows the time that a record takes, from the first batch on, and near or far", arguments: [0, 80])
    func slowRecords(overhead: Int) {
        for (microseconds, expected) in [(4000, 10...16), (1000, 40...65), (100, 100...100)] {
            let sizes = sizes(80) { _, count in .milliseconds(overhead) + .microseconds(microseconds * count) }
            let last = sizes.suffix(20).reduce(0, +) / 20
            #expect(
                overhead > 0 && microseconds == 100 ? last > 80 : expected.contains(last),
                "\(microseconds) µs a record: \(sizes)"
            )
        }
    }

    @Test("is small while the database is slow, and large again soon after")
    func slowForAWhile() {
        let sizes = sizes(120) { round, count in
            (20..<60).contains(round) ? .milliseconds(4 * count) : .microseconds(50 * count)
        }
        #expect(sizes[19] == 100)
        #expect(sizes[50] <= 25, "\(sizes)")
        #expect(sizes[119] == 100, "\(sizes)")
    }

    @Test("recovers from a database that was away for minutes")
    func away() {
        let sizes = sizes(80) { round, count in round == 10 ? .seconds(300) : .microseconds(100 * count) }
        #expect(sizes[79] == 100, "\(sizes)")
    }

    @Test("never leaves its bounds, whatever it is told")
    func bounds() {
        var size = BatchSize(smallest: 10, largest: 3, aim: .milliseconds(50))
        for took in [Duration.zero, .seconds(-5), .seconds(1_000_000_000), .nanoseconds(1)] {
            for count in [0, 1, 1_000_000] {
                size.note(count, took: took)
                #expect((1...3).contains(size.value))
            }
        }
    }
}
