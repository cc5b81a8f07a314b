/// One pass of the cursor over the backlog, and what it passed over: a pure state machine.
///
/// The first sweep of a run covers every node. Records of nodes that were full, or cut off, are passed over; the next
/// sweep covers exactly those stretches of those nodes, so that no record is looked at twice in a run. How much is
/// remembered is bounded; where that bound is reached, the reader waits instead of passing over more.
package struct Sweep: Sendable {
    /// The page that was read did not move the cursor.
    package struct LoopDetected: Error, Equatable {
        package let at: BacklogKey
    }

    private struct Segment {
        var after: BacklogKey?
        /// Inclusive; nil for the end of the backlog.
        var upTo: BacklogKey?

        func contains(_ key: BacklogKey) -> Bool {
            after.map { key > $0 } ?? true && upTo.map { key <= $0 } ?? true
        }
    }

    /// The most stretches that one sweep remembers as passed over.
    static let mostStretches = 10_000

    package private(set) var number: Int
    /// To be read; the cursor is in the first.
    private var segments: [Segment]
    /// Read to their ends, though not all that was read was decided on yet.
    private var finished: [Segment] = []
    package private(set) var cursor: BacklogKey?
    /// In a later sweep, what it covers; nil for everything.
    private let covered: [NodeID: PassedOver]?
    private let coveredCount: Int
    private var passed: [NodeID: PassedOver] = [:]

    /// The first sweep of a run. With a start it reads from there to the end, then from the beginning to there.
    package init(from start: BacklogKey? = nil, number: Int = 1) {
        self.number = number
        covered = nil
        coveredCount = 0
        cursor = start
        segments = [Segment(after: start, upTo: nil)]
        if let start {
            segments.append(Segment(after: nil, upTo: start))
        }
    }

    private init(number: Int, covering covered: [NodeID: PassedOver]) {
        self.number = number
        self.covered = covered
        let stretches = covered.values.flatMap(\.closed)
        coveredCount = stretches.count
        cursor = nil
        if !stretches.contains(where: { $0.after == nil }) {
            cursor = stretches.compactMap(\.after).min()
        }
        segments = [Segment(after: cursor, upTo: stretches.map(\.upTo).max())]
    }

    package var isAtEnd: Bool { segments.isEmpty }

    package var bound: BacklogKey? { segments.first?.upTo }

    /// Whether more may be passed over.
    package var canPassOver: Bool {
        let remembered = passed.count + passed.values.lazy.map(\.closed.count).reduce(0, +)
        return remembered < Self.mostStretches && remembered + coveredCount < 2 * Self.mostStretches
    }

    /// Whether this sweep is to look at the record: it covers it, and did not pass it over.
    package func includes(_ key: BacklogKey, of node: NodeID) -> Bool {
        if let covered, !(covered[node]?.contains(key) ?? false) { return false }
        return !(passed[node]?.contains(key) ?? false)
    }

    package func covers(_ node: NodeID) -> Bool { covered.map { $0[node] != nil } ?? true }

    /// From this record on, included, the node's records are left for a later sweep.
    package mutating func passOver(_ node: NodeID, from key: BacklogKey) {
        passed[node, default: PassedOver()].open(after: key.predecessor)
        // Where nothing more is read, the stretch goes no further.
        if let segment = finished.first(where: { $0.contains(key) }) {
            passed[node]?.close(upTo: segment.upTo ?? .end)
        }
    }

    /// The nodes whose records are being passed over.
    package var passing: Set<NodeID> { Set(passed.filter(\.value.isOpen).keys) }

    /// Behind the cursor, the node's records are taken again.
    package mutating func takeAgain(_ node: NodeID) {
        if let cursor {
            passed[node]?.close(upTo: cursor)
        }
    }

    /// The nodes that the next page is to hold.
    package func filter(excluding excluded: Set<NodeID>) -> NodeFilter {
        let left = excluded.union(passing)
        if let covered {
            return .only(Set(covered.keys).subtracting(left))
        }
        return left.isEmpty ? .all : .excluding(left)
    }

    /// A page was read up to here; nil if it reached the bound.
    package mutating func advance(to key: BacklogKey?) throws(LoopDetected) {
        guard let segment = segments.first else { return }
        guard let key, key != segment.upTo else {
            for node in passed.keys {
                passed[node]?.close(upTo: segment.upTo ?? .end)
            }
            finished.append(segments.removeFirst())
            cursor = segments.first?.after
            return
        }
        if let cursor, key <= cursor {
            throw LoopDetected(at: key)
        }
        cursor = key
    }

    /// The sweep over what this one passed over, of that which it covers; nil if it passed nothing over.
    package func next(without dropped: (NodeID) -> Bool) -> Sweep? {
        var left = passed.filter { !dropped($0.key) }
        if let covered {
            left = Dictionary(
                uniqueKeysWithValues: left.map { ($0.key, $0.value.intersection(covered[$0.key] ?? PassedOver())) }
            )
        }
        left = left.filter { !$0.value.closed.isEmpty }
        return left.isEmpty ? nil : Sweep(number: number + 1, covering: left)
    }
}
