import Purging
import Synchronization

/// A count that only grows, from any thread and without a lock.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add(_ number: Int = 1) { count.wrappingAdd(number, ordering: .relaxed) }
}

/// A counter for each case of a closed set.
struct Counters<Key: CaseIterable & Hashable & Sendable>: Sendable {
    private let counters: [Key: Counter]

    init(_: Key.Type) {
        counters = Dictionary(Key.allCases.map { ($0, Counter()) }, uniquingKeysWith: { first, _ in first })
    }

    func add(_ key: Key) { counters[key]?.add() }

    var values: [Key: Int] { counters.mapValues(\.value) }
}

/// How many answers of each kind each node gave. The kinds are few; nodes are as many as `nodes` has rows.
final class AnswerCounters: Sendable {
    private let counts = Mutex<[String: [String: Int]]>([:])

    func add(_ node: String, _ answer: String) { counts.withLock { $0[node, default: [:]][answer, default: 0] += 1 } }

    var values: [String: [String: Int]] { counts.withLock { $0 } }
}

/// How many durations there were up to each of some bounds.
struct DurationHistogram: Sendable {
    /// In seconds.
    static let bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    struct Values: Sendable, Equatable {
        /// Up to each bound, and beyond the last one; not cumulative.
        var counts: [Int]
        /// In seconds.
        var sum: Double
    }

    private let buckets = (0...bounds.count).map { _ in Counter() }
    private let microseconds = Counter()

    func add(_ duration: Duration) {
        let seconds = duration.inSeconds
        buckets[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count].add()
        microseconds.add(Int(min(seconds, 1e9) * 1e6))
    }

    var values: Values { Values(counts: buckets.map(\.value), sum: Double(microseconds.value) / 1e6) }
}
