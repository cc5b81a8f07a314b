import Testing

@testable import Purging

@Suite("Tombstones that wait")
struct WaitingTombstonesTests {
    private let tombstone = UID(9)
    private let other = UID(8)

    @Test("are released once, when the last of the records has ended that they wait for")
    func release() {
        var tombstones = WaitingTombstones()
        let (waits, otherWaits) = (
            tombstones.add(tombstone, waitingFor: [UID(1), UID(2), UID(3)]), tombstones.add(other, waitingFor: [UID(2)])
        )
        #expect(waits && otherWaits)
        // What has ended before, or is of no account here, releases nobody.
        let released = [1, 2, 1, 7, 3, 3].map { tombstones.ended(UID($0)) }
        #expect(released == [[], [other], [], [], [tombstone], []])
    }

    @Test("don't wait for nothing")
    func nothing() {
        var tombstones = WaitingTombstones()
        let waits = tombstones.add(tombstone, waitingFor: [])
        #expect(!waits)
        _ = tombstones.add(tombstone, waitingFor: [UID(1)])
        let left = tombstones.removeAll()
        #expect(left == 0)
        let released = tombstones.ended(UID(1))
        #expect(released.isEmpty)
    }

    @Test("are looked at once more at the end, each once, and no more than memory allows")
    func later() {
        var tombstones = WaitingTombstones()
        let kept = (1...WaitingTombstones.mostLater + 1).map { tombstones.lookLater(UID(Int64($0)), planned: nil) }
        #expect(kept.filter { $0 }.count == WaitingTombstones.mostLater && kept.last == false)
        var all: [Int64] = []
        while case let some = tombstones.takeLater(), !some.isEmpty {
            #expect(some.count <= WaitingTombstones.mostAtOnce)
            all += some.map(\.uid.rawValue)
        }
        #expect(all == (1...WaitingTombstones.mostLater).map { Int64($0) })
        let (again, nothing) = (tombstones.lookLater(UID(1), planned: nil), tombstones.takeLater().count)
        #expect(!again && nothing == 0)
    }

    @Test("are counted at a stop, if they were still to be looked at")
    func stop() {
        var tombstones = WaitingTombstones()
        _ = tombstones.lookLater(tombstone, planned: nil)
        let left = tombstones.removeAll()
        #expect(left == 1)
    }
}
