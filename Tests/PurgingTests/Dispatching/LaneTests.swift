@testable import Purging
import SyncTokens
import TestSupport
import Testing

@Suite("A node's lane")
struct LaneTests {
    private let start = ContinuousClock.now
    private var lane: Lane

    init() throws {
        var settings = NodeGate.Settings()
        settings.firstLimit = 4
        lane = Lane(target: try ServiceURL(Node.url(1)), gate: NodeGate(settings: settings))
    }

    private func job(_ uid: Int64) throws -> Job { try .of(uid, readAt: start) }

    @Test("gives out records in order, those whose delay is over first")
    func order() throws {
        var lane = lane
        lane.append(try job(1))
        lane.append(try job(2))
        lane.delay(try job(3), until: start + .seconds(1))
        lane.wakeDelayed(at: start + .milliseconds(999))
        #expect(lane.take(for: .go, reservedOnly: false)?.uid == UID(1))
        lane.wakeDelayed(at: start + .seconds(1))
        #expect(lane.delayed.isEmpty)
        #expect(lane.take(for: .go, reservedOnly: false)?.uid == UID(3))
        #expect(lane.take(for: .go, reservedOnly: false)?.uid == UID(2))
        #expect(lane.take(for: .go, reservedOnly: false) == nil)
    }

    @Test("probes with a record that was not tried yet, if there is one")
    func probe() throws {
        var lane = lane
        var tried = try job(1)
        tried.attempts = 2
        lane.append(tried)
        lane.append(try job(2))
        #expect(lane.take(for: .probe, reservedOnly: false)?.uid == UID(2))
        #expect(lane.take(for: .probe, reservedOnly: false)?.uid == UID(1))
        lane.delay(tried, until: start + .seconds(9))
        #expect(lane.take(for: .probe, reservedOnly: false)?.uid == UID(1))
    }

    @Test("gives out only records with a place in the budget when there are no more places")
    func reservedOnly() throws {
        var lane = lane
        lane.append(try job(1))
        #expect(!lane.hasReserved)
        #expect(lane.take(for: .go, reservedOnly: true) == nil)
        var reserved = try job(2)
        reserved.isReserved = true
        lane.append(reserved)
        #expect(lane.hasReserved)
        #expect(lane.take(for: .probe, reservedOnly: true)?.uid == UID(2))
    }

    @Test("is full when another record would only wait, whoever else needs the window")
    func fullness() throws {
        var lane = lane
        for uid in 1...5 {
            #expect(!lane.isFull(share: 1))
            lane.append(try job(Int64(uid)))
        }
        #expect(lane.isFull(share: 1))
        #expect(!lane.isFull(share: 4096))
        for uid in 6...8 {
            lane.append(try job(Int64(uid)))
        }
        #expect(lane.isFull(share: 4096))
    }

    @Test("is hungry while the node could take more")
    func hunger() throws {
        var lane = lane
        for uid in 1...4 {
            #expect(lane.isHungry(at: start))
            lane.append(try job(Int64(uid)))
        }
        #expect(!lane.isHungry(at: start))
        _ = lane.gate.abandon(.decommissioned, now: start)
        #expect(!lane.isHungry(at: start))
    }

    @Test("wakes for the first delay that ends, or when the node's quiet time is over, or not at all")
    func wakeTime() throws {
        var lane = lane
        #expect(lane.wakeTime(at: start) == nil)
        lane.delay(try job(1), until: start + .seconds(7))
        lane.delay(try job(2), until: start + .seconds(3))
        #expect(lane.wakeTime(at: start) == start + .seconds(3))
        _ = lane.gate.backoffAsked(.seconds(20), now: start)
        #expect(lane.wakeTime(at: start) == start + .seconds(20))
        _ = lane.gate.abandon(.decommissioned, now: start)
        #expect(lane.wakeTime(at: start) == nil)
        #expect(lane.removeAll().count == 2)
        #expect(lane.load == 0)
    }
}

extension Job {
    /// The deletion of a record's data on node 1, under as many keys as told.
    static func of(
        _ uid: Int64,
        node: Int64 = 1,
        keys: Int = 1,
        readAt: ContinuousClock.Instant
    ) throws -> Job {
        let record = UserRecord.obsolete(uid: uid, node: node)
        let deletion = DataDeletion(
            target: try ServiceURL(Node.url(node)),
            keys: (0..<keys).map {
                .init(id: KeyID(timestamp: Int64($0), clientState: ClientState(bytes: [0xaa])), unmodifiedSince: nil)
            },
            kind: .notDown
        )
        return Job(
            entry: try #require(BacklogEntry(record: record, others: [])),
            deletion: deletion,
            readAt: readAt
        )
    }
}
