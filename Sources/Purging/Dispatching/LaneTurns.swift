import DequeModule
import HeapModule

/// Which lanes are to be looked at, and when: a node costs time only when something happens to it, however many nodes
/// there are.
///
/// Lanes that something happened to wait in line, each once, so that all have their turn where something is scarce.
/// Others have a moment at which they want to be looked at, or none.
struct LaneTurns: Sendable {
    typealias Instant = ContinuousClock.Instant

    private struct Alarm: Comparable {
        let moment: Instant
        let lane: Int

        static func < (left: Alarm, right: Alarm) -> Bool { left.moment < right.moment }
    }

    private(set) var line: Deque<Int> = []
    private var isInLine: [Bool] = []
    /// The moments that count; `heap` holds older ones, too.
    private var alarms: [Instant?] = []
    private var heap = Heap<Alarm>()

    /// The first moment that some lane wants to be looked at.
    var earliest: Instant? { heap.min?.moment }

    /// Moments that are kept, the outdated ones included.
    var remembered: Int { heap.count }

    mutating func addLane() {
        isInLine.append(false)
        alarms.append(nil)
    }

    /// Something happened to this lane.
    mutating func enter(_ lane: Int) {
        if isInLine[lane] { return }
        isInLine[lane] = true
        line.append(lane)
    }

    mutating func enterAll() { isInLine.indices.forEach { enter($0) } }

    /// Those whose moments have come enter, too.
    mutating func enterDue(at now: Instant) {
        while let first = heap.min, first.moment <= now || alarms[first.lane] != first.moment {
            heap.removeMin()
            if alarms[first.lane] == first.moment {
                alarms[first.lane] = nil
                enter(first.lane)
            }
        }
    }

    mutating func popFirst() -> Int? {
        guard let lane = line.popFirst() else { return nil }
        isInLine[lane] = false
        return lane
    }

    /// When this lane wants to be looked at if nothing happens to it before; nil for not at all.
    mutating func setAlarm(_ lane: Int, at moment: Instant?) {
        if alarms[lane] == moment { return }
        alarms[lane] = moment
        if let moment { heap.insert(Alarm(moment: moment, lane: lane)) }
        while let first = heap.min, alarms[first.lane] != first.moment { heap.removeMin() }
        if heap.count > 2 * alarms.count + 16 {
            heap = Heap(alarms.enumerated().compactMap { lane, moment in moment.map { Alarm(moment: $0, lane: lane) } })
        }
    }
}
