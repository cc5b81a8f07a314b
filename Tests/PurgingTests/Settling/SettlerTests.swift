@testable import Purging
import TestSupport
import Testing

@Suite("The settler")
struct SettlerTests {
    private let start = ContinuousClock.now

    private func item(_ uid: Int64) -> Settler.Item {
        Settler.Item(
            settlement: Settlement(.obsolete(uid: uid), .delete),
            meaning: .deletion(.notDown)
        )
    }

    private func settler(_ count: Int64, isHeld: Bool = false) -> Settler {
        var settings = Settler.Settings()
        settings.batchSize = 3
        settings.capacity = 5
        var settler = Settler(settings: settings, isHeld: isHeld)
        for uid in 0..<count {
            settler.add(item(uid), now: start)
        }
        return settler
    }

    @Test("forms a batch when it is large enough, in order, and not larger")
    func size() {
        var settler = settler(2)
        #expect(settler.batch(at: start, isIdle: false) == nil)
        settler.add(item(2), now: start)
        settler.add(item(3), now: start)
        #expect(settler.batch(at: start, isIdle: false)?.map(\.settlement.uid.rawValue) == [0, 1, 2])
    }

    @Test("forms a batch when its oldest settlement waited long enough")
    func linger() {
        var settler = settler(1)
        #expect(settler.wakeTime == start + .milliseconds(100))
        settler.add(item(2), now: start + .milliseconds(99))
        #expect(settler.batch(at: start + .milliseconds(99), isIdle: false) == nil)
        #expect(settler.batch(at: start + .milliseconds(100), isIdle: false)?.count == 2)
    }

    @Test("forms a batch at once when nothing else is under way, and none of nothing")
    func idle() {
        var settler = settler(1)
        #expect(settler.batch(at: start, isIdle: true)?.count == 1)
        var empty = self.settler(0)
        #expect(empty.batch(at: start, isIdle: true) == nil)
        #expect(empty.isEmpty)
    }

    @Test("allows two batches' worth of requests while one batch is being written")
    func sendingMeanwhile() {
        var settler = settler(3)
        settler.noteSent(100)
        #expect(settler.allowsSending)
        #expect(settler.batch(at: start, isIdle: false)?.count == 3)
        settler.noteSent(5)
        #expect(settler.allowsSending)
        settler.noteSent(1)
        #expect(!settler.allowsSending)
        settler.batchWritten(at: start)
        #expect(settler.allowsSending)
        settler.add(item(9), now: start)
        #expect(settler.batch(at: start, isIdle: true)?.count == 1)
        #expect(settler.allowsSending)
    }

    @Test("writes one batch at a time")
    func oneAtATime() {
        var settler = settler(7)
        #expect(settler.batch(at: start, isIdle: true) != nil)
        #expect(settler.isWriting)
        #expect(settler.wakeTime == nil)
        #expect(settler.batch(at: start + .seconds(9), isIdle: true) == nil)
        settler.batchWritten(at: start)
        #expect(settler.batch(at: start + .seconds(9), isIdle: true)?.count == 3)
        settler.batchWritten(at: start)
        #expect(settler.batch(at: start + .seconds(9), isIdle: true)?.count == 1)
        settler.batchWritten(at: start)
        #expect(settler.isEmpty)
    }

    @Test("writes nothing while it is held")
    func held() {
        var settler = settler(4, isHeld: true)
        #expect(settler.batch(at: start + .seconds(9), isIdle: true) == nil)
        #expect(settler.wakeTime == nil)
        settler.isHeld = false
        #expect(settler.batch(at: start + .seconds(9), isIdle: true)?.count == 3)
    }

    @Test("has no more room at its capacity, and room again once something went or was forgotten")
    func capacity() {
        var settler = settler(5)
        #expect(!settler.hasRoom)
        _ = settler.batch(at: start, isIdle: true)
        #expect(settler.hasRoom)
        settler.batchWritten(at: start)
        settler.discard()
        #expect(settler.isEmpty)
        #expect(settler.wakeTime == nil)
    }
}
