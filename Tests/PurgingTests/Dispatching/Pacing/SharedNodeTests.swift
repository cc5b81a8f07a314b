import Foundation
import HeapModule
import TestSupport
import Testing

@testable import Purging

/// A node of some workers that serves users, who come by themselves, and instances that purge as their limits allow.
private struct SharedNode {
    let workers: Int
    let seconds: Double
    let isSteady: Bool
    /// What users take of its capacity.
    let load: Double

    struct Result {
        /// Of the users' waits, in seconds.
        var p99 = 0.0
        /// What the instances got, of what the users left.
        var share = 0.0
        /// The smallest instance's part, of an equal one.
        var smallest = 1.0
    }

    private struct Event: Comparable {
        let at: Double
        let number: Int
        /// Nil for a user's arrival.
        let instance: Int?
        let startedAt: Double
        let filledUp: Bool

        static func < (one: Self, other: Self) -> Bool { (one.at, one.number) < (other.at, other.number) }
        static func == (one: Self, other: Self) -> Bool { one.number == other.number }
    }

    /// - Parameter slower: from when on each request takes so many times as long.
    func play(
        _ instances: Int,
        _ urgency: Urgency,
        for end: Double = 300,
        from warm: Double = 65,
        ceiling: Int = 64,
        slower: (at: Double, times: Double)? = nil,
        seed: UInt64 = 1
    ) -> Result {
        let start = ContinuousClock.now
        var random = SeededGenerator(seed: seed)
        var settings = ConcurrencyLimit.Settings(urgency)
        settings.ceiling = ceiling
        settings.minuteBegan = urgency == .high ? nil : start
        var limits = (0..<instances).map { _ in ConcurrencyLimit(settings: settings) }
        var inFlight = Array(repeating: 0, count: instances)
        var done = Array(repeating: 0, count: instances)
        var free = Heap(Array(repeating: 0.0, count: workers))
        var events = Heap<Event>()
        var waits: [Double] = []
        var (now, number) = (0.0, 0)
        let usersRate = load * Double(workers) / seconds
        func duration() -> Double {
            let mean = seconds * (slower.map { now >= $0.at ? $0.times : 1 } ?? 1)
            return isSteady ? mean : -mean * log(1 - Double.random(in: 0..<1, using: &random))
        }
        func serve() -> Double {
            let done = max(free.removeMin(), now) + duration()
            free.insert(done)
            return done
        }
        func nextUser() {
            if usersRate == 0 { return }
            number += 1
            let at = now - log(1 - Double.random(in: 0..<1, using: &random)) / usersRate
            events.insert(Event(at: at, number: number, instance: nil, startedAt: at, filledUp: false))
        }
        nextUser()
        while true {
            for index in limits.indices {
                while inFlight[index] < limits[index].value {
                    inFlight[index] += 1
                    number += 1
                    events.insert(
                        Event(
                            at: serve() + 0.0005,
                            number: number,
                            instance: index,
                            startedAt: now,
                            filledUp: inFlight[index] >= limits[index].value
                        )
                    )
                }
            }
            guard let event = events.popMin(), event.at <= end else { break }
            now = event.at
            guard let index = event.instance else {
                let answered = serve()
                if now > warm { waits.append(answered - now) }
                nextUser()
                continue
            }
            if now > warm { done[index] += 1 }
            limits[index].answeredWell(
                NodeGate.Request(
                    startedAt: start + .seconds(event.startedAt),
                    inFlight: inFlight[index],
                    filledUp: event.filledUp,
                    goodAnswers: 0
                ),
                elapsed: .seconds(now - event.startedAt),
                now: start + .seconds(now)
            )
            inFlight[index] -= 1
        }
        waits.sort()
        let all = Double(done.reduce(0, +))
        let times = slower?.times ?? 1
        let left = min(
            Double(workers) / (seconds * times) * (1 - load * times),
            Double(instances * ceiling) / (seconds * times)
        )
        return Result(
            p99: waits.isEmpty ? 0 : waits[min(waits.count - 1, waits.count * 99 / 100)],
            share: left > 0 ? all / (left * (end - warm)) : 0,
            smallest: all > 0 ? Double(done.min() ?? 0) * Double(instances) / all : 1
        )
    }
}

/// What a purge takes from the users of a node. Each test prints its figures.
@Suite("A node's own users come first")
struct SharedNodeTests {
    @Test("on a node of its own it gets 9 tenths and more, alone and with others")
    func alone() {
        for (workers, seconds) in [(1, 0.05), (10, 0.05)] {
            for isSteady in [true, false] {
                let node = SharedNode(workers: workers, seconds: seconds, isSteady: isSteady, load: 0)
                let results = [1, 4].map { node.play($0, .low, for: 130) }
                print("own node, \(workers) × \(seconds) s, steady \(isSteady): \(results.map(\.share))")
                #expect(results.allSatisfy { $0.share > (isSteady ? 0.9 : 0.8) }, "\(node): \(results)")
            }
        }
    }

    @Test("beside users who take half of it, they wait little longer, and it gets 6 tenths of the rest and more")
    func half() {
        for (workers, seconds) in [(10, 0.05), (40, 0.05)] {
            for isSteady in [true, false] {
                let node = SharedNode(workers: workers, seconds: seconds, isSteady: isSteady, load: 0.5)
                let alone = node.play(0, .low, for: 160).p99
                for count in [1, 4] {
                    let (low, high) = (node.play(count, .low, for: 160), node.play(count, .high, for: 160))
                    print(
                        """
                        half loaded, \(workers) × \(seconds) s, steady \(isSteady), \(count) instances: \
                        low p99 × \(low.p99 / alone), share \(low.share), smallest \(low.smallest); \
                        high × \(high.p99 / alone), \(high.share)
                        """
                    )
                    #expect(low.share > 0.6)
                    #expect(low.p99 < high.p99 * 1.05)
                    // Where answers take all the same time, a queue of any length is seen only by few.
                    #expect(low.p99 < alone * (isSteady ? (count == 1 ? 2.2 : 6) : (count == 1 ? 1.25 : 1.8)))
                }
            }
        }
    }

    @Test("a node that becomes slower for reasons of its own keeps its pace")
    func drift() {
        let node = SharedNode(workers: 10, seconds: 0.05, isSteady: true, load: 0)
        let result = node.play(1, .low, for: 400, from: 250, slower: (at: 100, times: 2))
        print("twice as slow: \(result.share)")
        #expect(result.share > 0.9)
    }

    @Test("four instances that begin at once share it fairly")
    func fair() {
        let node = SharedNode(workers: 10, seconds: 0.05, isSteady: true, load: 0)
        let result = node.play(4, .low)
        print("four at once: smallest \(result.smallest), share \(result.share)")
        #expect(result.smallest > 0.4 && result.share > 0.9)
    }
}
