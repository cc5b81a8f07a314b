import Testing

@testable import Purging

@Suite("The lanes' turns")
struct LaneTurnsTests {
    private let start = ContinuousClock.now

    private func turns(_ count: Int) -> LaneTurns {
        var turns = LaneTurns()
        for _ in 0..<count { turns.addLane() }
        return turns
    }

    @Test("each lane is in line once, in the order in which something happened to them")
    func line() {
        var turns = turns(3)
        for lane in [2, 0, 2, 0] { turns.enter(lane) }
        #expect(Array(turns.line) == [2, 0])
        #expect(turns.popFirst() == 2)
        turns.enter(2)
        #expect([turns.popFirst(), turns.popFirst(), turns.popFirst()] == [0, 2, nil])
        turns.enterAll()
        #expect(Array(turns.line) == [0, 1, 2])
    }

    @Test("a lane enters at its moment; only the last moment that it named counts")
    func alarms() {
        var turns = turns(2)
        turns.setAlarm(0, at: start + .seconds(1))
        turns.setAlarm(1, at: start + .seconds(2))
        turns.setAlarm(0, at: start + .seconds(3))
        #expect(turns.earliest == start + .seconds(2))
        turns.enterDue(at: start + .seconds(1))
        #expect(turns.line.isEmpty)
        turns.enterDue(at: start + .seconds(2))
        #expect(Array(turns.line) == [1])
        #expect(turns.earliest == start + .seconds(3))
        turns.setAlarm(0, at: nil)
        #expect(turns.earliest == nil)
        turns.enterDue(at: start + .seconds(9))
        #expect(Array(turns.line) == [1])
    }

    @Test("memory does not grow with the moments that were named", arguments: [1, 50])
    func bounded(count: Int) {
        var turns = turns(count)
        for step in 0..<10_000 { turns.setAlarm(step % count, at: start + .seconds(20_000 - step)) }
        #expect(turns.remembered <= 2 * count + 17)
        #expect(turns.earliest == start + .seconds(20_000 - 9_999))
    }
}
