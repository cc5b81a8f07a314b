@testable import Purging
import TestSupport
import Testing

@Suite("A pass")
struct BacklogPassTests {
    private let one = NodeID(1)
    private let two = NodeID(2)

    private func key(_ place: Int64) -> BacklogKey { BacklogKey(replacedAt: Timestamp(place), tiebreaker: place) }

    @Test("goes from the beginning to the end once")
    func once() throws {
        var pass = BacklogPass()
        #expect(pass.cursor == nil && pass.bound == nil && !pass.isAtEnd)
        try pass.advance(to: key(5))
        #expect(pass.cursor == key(5))
        try pass.advance(to: nil)
        #expect(pass.isAtEnd)
        #expect(pass.next { _ in false } == nil)
    }

    @Test("goes from its start to the end, and then from the beginning up to its start")
    func wrapAround() throws {
        var pass = BacklogPass(from: key(50))
        #expect(pass.cursor == key(50) && pass.bound == nil)
        try pass.advance(to: key(70))
        try pass.advance(to: nil)
        #expect(pass.cursor == nil && pass.bound == key(50) && !pass.isAtEnd)
        try pass.advance(to: key(50))
        #expect(pass.isAtEnd)
    }

    @Test("ends with an error when a page does not move the cursor", arguments: [Int64(5), 4])
    func loop(_ place: Int64) throws {
        var pass = BacklogPass()
        try pass.advance(to: key(5))
        #expect(throws: BacklogPass.LoopDetected(at: key(place))) { try pass.advance(to: key(place)) }
    }

    @Test("passes a node's records over from one on, until it takes them again")
    func passingOver() throws {
        var pass = BacklogPass()
        try pass.advance(to: key(10))
        pass.leaveOut(one, from: key(4))
        #expect(pass.leavingOut == [one])
        #expect(pass.includes(key(3), of: one))
        #expect(!pass.includes(key(4), of: one))
        #expect(pass.includes(key(4), of: two))
        #expect(pass.filter(excluding: []) == .excluding([one]))
        #expect(pass.filter(excluding: [two]) == .excluding([one, two]))
        try pass.advance(to: key(20))
        pass.takeAgain(one)
        #expect(pass.leavingOut.isEmpty)
        #expect(pass.filter(excluding: []) == .all)
        #expect(!pass.includes(key(20), of: one))
        #expect(pass.includes(key(21), of: one))
    }

    @Test("hands exactly what it left out to the next pass")
    func nextSweep() throws {
        var pass = BacklogPass()
        try pass.advance(to: key(10))
        pass.leaveOut(one, from: key(4))
        try pass.advance(to: key(20))
        pass.takeAgain(one)
        pass.leaveOut(two, from: key(15))
        try pass.advance(to: nil)
        let next = try #require(pass.next { _ in false })
        #expect(next.number == 2)
        #expect(next.filter(excluding: []) == .only([one, two]))
        #expect(next.cursor.map { $0 < key(4) } ?? true)
        for place in Int64(1)...30 {
            #expect(next.includes(key(place), of: one) == (4...20).contains(place))
            #expect(next.includes(key(place), of: two) == (place >= 15))
        }
        #expect(next.covers(one) && !next.covers(NodeID(3)))
        #expect(pass.next { $0 == two }?.covers(two) == false)
        #expect(pass.next { _ in true } == nil)
    }

    @Test("begins with those that have room; others join for what is ahead, and have the rest in the next one")
    func joining() throws {
        var first = BacklogPass()
        first.leaveOut(one, from: key(5))
        first.leaveOut(two, from: key(2))
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

    @Test("also hands on what was left out after the last page was read")
    func passingOverAtTheEnd() throws {
        var pass = BacklogPass()
        try pass.advance(to: nil)
        pass.leaveOut(one, from: key(4))
        #expect(!pass.includes(key(9), of: one))
        let next = try #require(pass.next { _ in false })
        #expect(next.includes(key(4), of: one) && next.includes(key(900), of: one))
        #expect(!next.includes(key(3), of: one))
    }

    @Test("passes over in the part that it read first, when it already wrapped around")
    func passingOverAfterWrapping() throws {
        var pass = BacklogPass(from: key(50))
        try pass.advance(to: nil)
        pass.leaveOut(one, from: key(60))
        #expect(pass.includes(key(55), of: one))
        #expect(!pass.includes(key(61), of: one))
        #expect(pass.includes(key(20), of: one))
        #expect(pass.leavingOut.isEmpty)
        pass.leaveOut(one, from: key(30))
        try pass.advance(to: nil)
        let next = try #require(pass.next { _ in false })
        for place in Int64(1)...100 {
            #expect(next.includes(key(place), of: one) == ((30...50).contains(place) || place >= 60))
        }
    }

    @Test("never looks at a record a second time, whatever later passes leave out", arguments: Seeds.some(60))
    func nothingTwice(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let places = Array(Int64(1)...40)
        let node = Dictionary(uniqueKeysWithValues: places.map { ($0, NodeID(Int64(random.integer(1...3)))) })
        var pass = random.chance(1, in: 2) ? BacklogPass() : BacklogPass(from: key(Int64(random.integer(1...40))))
        var looked: [Int64] = []
        var rounds = 0
        while true {
            var pending: [Int64] = []
            while !pass.isAtEnd || !pending.isEmpty {
                if !pass.isAtEnd, pending.isEmpty || random.chance(1, in: 3) {
                    for node in pass.leavingOut.sorted() where random.chance(1, in: 2) {
                        pass.takeAgain(node)
                    }
                    for node in pass.waiting.sorted() where random.chance(1, in: 2) {
                        pass.join(node)
                    }
                    let filter = pass.filter(excluding: [])
                    let (cursor, bound) = (pass.cursor, pass.bound)
                    let page = places.filter { place in
                        (cursor.map { key(place) > $0 } ?? true) && (bound.map { key(place) <= $0 } ?? true)
                            && (node[place].map(filter.contains) ?? false)
                    }.prefix(random.integer(1...9))
                    pending += page
                    try pass.advance(to: page.last.map(key))
                }
                for _ in 0..<min(pending.count, random.integer(0...5)) {
                    let place = pending.removeFirst()
                    guard let itsNode = node[place], pass.includes(key(place), of: itsNode) else { continue }
                    if rounds < 12, pass.covers(itsNode), random.chance(1, in: 3) {
                        pass.leaveOut(itsNode, from: key(place))
                    } else {
                        looked.append(place)
                    }
                }
            }
            let ready = Set((Int64(1)...3).filter { _ in random.chance(1, in: 2) }.map { NodeID($0) })
            let early = pass.next(without: { _ in false }, ready: ready.contains)
            guard let next = early ?? pass.next(without: { _ in false }) else { break }
            pass = next
            rounds += 1
        }
        #expect(looked.sorted() == places)
    }

    @Test("passes nothing more over once it remembers as many stretches as it may")
    func boundedMemory() throws {
        var pass = BacklogPass()
        for node in Int64(1)...Int64(BacklogPass.mostStretches) {
            pass.leaveOut(NodeID(node), from: key(node))
            if node == 100 { #expect(pass.canLeaveOut) }
        }
        #expect(!pass.canLeaveOut)
    }
}
