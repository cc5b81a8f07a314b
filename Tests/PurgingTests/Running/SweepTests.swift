@testable import Purging
import TestSupport
import Testing

@Suite("A sweep")
struct SweepTests {
    private let one = NodeID(1)
    private let two = NodeID(2)

    private func key(_ place: Int64) -> BacklogKey { BacklogKey(replacedAt: Timestamp(place), tiebreaker: place) }

    @Test("goes from the beginning to the end once")
    func once() throws {
        var sweep = Sweep()
        #expect(sweep.cursor == nil && sweep.bound == nil && !sweep.isAtEnd)
        try sweep.advance(to: key(5))
        #expect(sweep.cursor == key(5))
        try sweep.advance(to: nil)
        #expect(sweep.isAtEnd)
        #expect(sweep.next { _ in false } == nil)
    }

    @Test("goes from its start to the end, and then from the beginning up to its start")
    func wrapAround() throws {
        var sweep = Sweep(from: key(50))
        #expect(sweep.cursor == key(50) && sweep.bound == nil)
        try sweep.advance(to: key(70))
        try sweep.advance(to: nil)
        #expect(sweep.cursor == nil && sweep.bound == key(50) && !sweep.isAtEnd)
        try sweep.advance(to: key(50))
        #expect(sweep.isAtEnd)
    }

    @Test("ends with an error when a page does not move the cursor", arguments: [Int64(5), 4])
    func loop(_ place: Int64) throws {
        var sweep = Sweep()
        try sweep.advance(to: key(5))
        #expect(throws: Sweep.LoopDetected(at: key(place))) { try sweep.advance(to: key(place)) }
    }

    @Test("passes a node's records over from one on, until it takes them again")
    func passingOver() throws {
        var sweep = Sweep()
        try sweep.advance(to: key(10))
        sweep.passOver(one, from: key(4))
        #expect(sweep.passing == [one])
        #expect(sweep.includes(key(3), of: one))
        #expect(!sweep.includes(key(4), of: one))
        #expect(sweep.includes(key(4), of: two))
        #expect(sweep.filter(excluding: []) == .excluding([one]))
        #expect(sweep.filter(excluding: [two]) == .excluding([one, two]))
        try sweep.advance(to: key(20))
        sweep.takeAgain(one)
        #expect(sweep.passing.isEmpty)
        #expect(sweep.filter(excluding: []) == .all)
        #expect(!sweep.includes(key(20), of: one))
        #expect(sweep.includes(key(21), of: one))
    }

    @Test("hands exactly what it passed over to the next sweep")
    func nextSweep() throws {
        var sweep = Sweep()
        try sweep.advance(to: key(10))
        sweep.passOver(one, from: key(4))
        try sweep.advance(to: key(20))
        sweep.takeAgain(one)
        sweep.passOver(two, from: key(15))
        try sweep.advance(to: nil)
        let next = try #require(sweep.next { _ in false })
        #expect(next.number == 2)
        #expect(next.filter(excluding: []) == .only([one, two]))
        #expect(next.cursor.map { $0 < key(4) } ?? true)
        for place in Int64(1)...30 {
            #expect(next.includes(key(place), of: one) == (4...20).contains(place))
            #expect(next.includes(key(place), of: two) == (place >= 15))
        }
        #expect(next.covers(one) && !next.covers(NodeID(3)))
        #expect(sweep.next { $0 == two }?.covers(two) == false)
        #expect(sweep.next { _ in true } == nil)
    }

    @Test("begins with those that have room; others join for what is ahead, and have the rest in the next one")
    func joining() throws {
        var first = Sweep()
        first.passOver(one, from: key(5))
        first.passOver(two, from: key(2))
        try first.advance(to: key(10))
        first.takeAgain(one)
        try first.advance(to: nil)
        #expect(first.next(without: { _ in false }, ready: { _ in false }) == nil)
        let ready = one
        var second = try #require(first.next(without: { _ in false }, ready: { $0 == ready }))
        #expect(Array(second.waiting) == [two])
        #expect(second.filter(excluding: []) == .only([one]))
        #expect(second.bound == key(10))
        #expect(!second.includes(key(6), of: two))
        try second.advance(to: key(7))
        second.join(two)
        #expect(second.waiting.isEmpty)
        #expect(second.bound == .end)
        #expect(!second.includes(key(7), of: two) && second.includes(key(8), of: two))
        try second.advance(to: nil)
        let third = try #require(second.next { _ in false })
        for place in Int64(1)...20 {
            #expect(third.includes(key(place), of: two) == (2...7).contains(place))
            #expect(!third.includes(key(place), of: one))
        }
    }

    @Test("also hands on what was passed over after the last page was read")
    func passingOverAtTheEnd() throws {
        var sweep = Sweep()
        try sweep.advance(to: nil)
        sweep.passOver(one, from: key(4))
        #expect(!sweep.includes(key(9), of: one))
        let next = try #require(sweep.next { _ in false })
        #expect(next.includes(key(4), of: one) && next.includes(key(900), of: one))
        #expect(!next.includes(key(3), of: one))
    }

    @Test("passes over in the part that it read first, when it already wrapped around")
    func passingOverAfterWrapping() throws {
        var sweep = Sweep(from: key(50))
        try sweep.advance(to: nil)
        sweep.passOver(one, from: key(60))
        #expect(sweep.includes(key(55), of: one))
        #expect(!sweep.includes(key(61), of: one))
        #expect(sweep.includes(key(20), of: one))
        #expect(sweep.passing.isEmpty)
        sweep.passOver(one, from: key(30))
        try sweep.advance(to: nil)
        let next = try #require(sweep.next { _ in false })
        for place in Int64(1)...100 {
            #expect(next.includes(key(place), of: one) == ((30...50).contains(place) || place >= 60))
        }
    }

    @Test("never looks at a record a second time, whatever later sweeps pass over", arguments: Seeds.some(60))
    func nothingTwice(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let places = Array(Int64(1)...40)
        let node = Dictionary(uniqueKeysWithValues: places.map { ($0, NodeID(Int64(random.integer(1...3)))) })
        var sweep = random.chance(1, in: 2) ? Sweep() : Sweep(from: key(Int64(random.integer(1...40))))
        var looked: [Int64] = []
        var rounds = 0
        while true {
            var pending: [Int64] = []
            while !sweep.isAtEnd || !pending.isEmpty {
                if !sweep.isAtEnd, pending.isEmpty || random.chance(1, in: 3) {
                    for node in sweep.passing.sorted() where random.chance(1, in: 2) {
                        sweep.takeAgain(node)
                    }
                    for node in sweep.waiting.sorted() where random.chance(1, in: 2) {
                        sweep.join(node)
                    }
                    let filter = sweep.filter(excluding: [])
                    let (cursor, bound) = (sweep.cursor, sweep.bound)
                    let page = places.filter { place in
                        (cursor.map { key(place) > $0 } ?? true) && (bound.map { key(place) <= $0 } ?? true)
                            && (node[place].map(filter.contains) ?? false)
                    }.prefix(random.integer(1...9))
                    pending += page
                    try sweep.advance(to: page.last.map(key))
                }
                for _ in 0..<min(pending.count, random.integer(0...5)) {
                    let place = pending.removeFirst()
                    guard let itsNode = node[place], sweep.includes(key(place), of: itsNode) else { continue }
                    if rounds < 12, sweep.covers(itsNode), random.chance(1, in: 3) {
                        sweep.passOver(itsNode, from: key(place))
                    } else {
                        looked.append(place)
                    }
                }
            }
            let ready = Set((Int64(1)...3).filter { _ in random.chance(1, in: 2) }.map { NodeID($0) })
            let early = sweep.next(without: { _ in false }, ready: ready.contains)
            guard let next = early ?? sweep.next(without: { _ in false }) else { break }
            sweep = next
            rounds += 1
        }
        #expect(looked.sorted() == places)
    }

    @Test("passes nothing more over once it remembers as many stretches as it may")
    func boundedMemory() throws {
        var sweep = Sweep()
        for node in Int64(1)...Int64(Sweep.mostStretches) {
            sweep.passOver(NodeID(node), from: key(node))
            if node == 100 { #expect(sweep.canPassOver) }
        }
        #expect(!sweep.canPassOver)
    }
}
