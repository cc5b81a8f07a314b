/// One pass of the cursor over the backlog, and what it left out: a pure state machine.
///
/// The first pass of a run covers every node. Records of nodes that were full, or whose circuit was open, are left out; the next
/// pass covers exactly those stretches of those nodes, so that no record is looked at twice in a run. It begins as soon
/// as one of them has room again; the others join it on the way, each for what is still ahead of the cursor. How much is
/// remembered is bounded; where that bound is reached, the reader waits instead of leaving out more.
struct BacklogPass: Sendable {
    /// The page that was read did not move the cursor.
    struct LoopDetected: Error, Equatable {
        let at: BacklogKey
    }

    private struct Segment {
        var after: BacklogKey?
        /// Inclusive; nil for the end of the backlog.
        var upTo: BacklogKey?

        func contains(_ key: BacklogKey) -> Bool {
            after.map { key > $0 } ?? true && upTo.map { key <= $0 } ?? true
        }
    }

    /// The most stretches that one pass remembers as left out.
    static let mostStretches = 10_000

    private(set) var number: Int
    /// To be read; the cursor is in the first.
    private var segments: [Segment]
    /// Read to their ends, though not all that was read was decided on yet.
    private var finished: [Segment] = []
    private(set) var cursor: BacklogKey?
    /// In a later pass, what it covers; nil for everything.
    private var covered: [NodeID: LeftOut]?
    /// What nodes that had no room yet when this pass began have left from earlier ones.
    private var carried: [NodeID: LeftOut]
    /// Stretches that are covered or carried.
    private let coveredCount: Int
    private var passed: [NodeID: LeftOut] = [:]

    /// The first pass of a run. With a start it reads from there to the end, then from the beginning to there.
    init(from start: BacklogKey? = nil, number: Int = 1) {
        self.number = number
        covered = nil
        carried = [:]
        coveredCount = 0
        cursor = start
        segments = [Segment(after: start, upTo: nil)]
        if let start {
            segments.append(Segment(after: nil, upTo: start))
        }
    }

    private init(number: Int, covering covered: [NodeID: LeftOut], carrying carried: [NodeID: LeftOut]) {
        self.number = number
        self.covered = covered
        self.carried = carried
        let stretches = covered.values.flatMap(\.closed)
        coveredCount = stretches.count + carried.values.map(\.closed.count).reduce(0, +)
        cursor = nil
        if !stretches.contains(where: { $0.after == nil }) {
            cursor = stretches.compactMap(\.after).min()
        }
        segments = [Segment(after: cursor, upTo: stretches.map(\.upTo).max())]
    }

    var isAtEnd: Bool { segments.isEmpty }

    var bound: BacklogKey? { segments.first?.upTo }

    /// Whether more may be left out.
    var canLeaveOut: Bool {
        let remembered = passed.count + passed.values.lazy.map(\.closed.count).reduce(0, +)
        return remembered < Self.mostStretches && remembered + coveredCount < 2 * Self.mostStretches
    }

    /// Whether this pass is to look at the record: it covers it, and did not leave it out.
    func includes(_ key: BacklogKey, of node: NodeID) -> Bool {
        if let covered, !(covered[node]?.contains(key) ?? false) { return false }
        return !(passed[node]?.contains(key) ?? false)
    }

    func covers(_ node: NodeID) -> Bool { covered.map { $0[node] != nil } ?? true }

    /// From this record on, included, the node's records are left for a later pass.
    mutating func leaveOut(_ node: NodeID, from key: BacklogKey) {
        // Where nothing more is read, the stretch goes no further.
        if let segment = finished.first(where: { $0.contains(key) }) {
            passed[node, default: LeftOut()].insert(after: key.predecessor, upTo: segment.upTo ?? .end)
        } else {
            passed[node, default: LeftOut()].open(after: key.predecessor)
        }
    }

    /// From the cursor on, the node's records are left for a later pass.
    mutating func leaveOut(_ node: NodeID) { passed[node, default: LeftOut()].open(after: cursor) }

    /// The nodes that had no room yet when this pass began.
    var waiting: some Collection<NodeID> { carried.keys }

    func isWaiting(_ node: NodeID) -> Bool { carried[node] != nil }

    /// A node that has room again joins the pass: what it has behind the cursor is for the next one. Not while a page is
    /// being read, as the pass may end later then.
    mutating func join(_ node: NodeID) {
        guard covered != nil, !segments.isEmpty, let stretches = carried.removeValue(forKey: node) else { return }
        covered?[node] = stretches
        if let cursor {
            passed[node] = stretches.part(upTo: cursor)
        }
        if let end = segments[0].upTo, let later = stretches.closed.last?.upTo, later > end {
            segments[0].upTo = later
        }
    }

    /// What is left of each node, once the pass is at its end.
    var left: [NodeID: LeftOut] {
        var left = passed
        if let covered {
            left = Dictionary(
                uniqueKeysWithValues: left.map { ($0.key, $0.value.intersection(covered[$0.key] ?? LeftOut())) }
            )
        }
        return left.merging(carried) { passed, _ in passed }
    }

    /// The nodes whose records are being left out.
    var leavingOut: Set<NodeID> { Set(passed.filter(\.value.isOpen).keys) }

    /// Behind the cursor, the node's records are taken again.
    mutating func takeAgain(_ node: NodeID) {
        if let cursor {
            passed[node]?.close(upTo: cursor)
        }
    }

    /// The nodes that the next page is to hold.
    func filter(excluding excluded: Set<NodeID>) -> NodeFilter {
        let left = excluded.union(leavingOut)
        if let covered {
            return .only(Set(covered.keys).subtracting(left))
        }
        return left.isEmpty ? .all : .excluding(left)
    }

    /// A page was read up to here; nil if it reached the bound.
    mutating func advance(to key: BacklogKey?) throws(LoopDetected) {
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

    /// The leave out what this one left out, of that which it covers.
    ///
    /// - Parameters:
    ///   - dropped: nodes that are given up.
    ///   - isReady: whether a node has room; one that has none may join later.
    /// - Returns: nil if nothing was left out, or no node is ready.
    func next(without dropped: (NodeID) -> Bool, ready isReady: (NodeID) -> Bool = { _ in true })
        -> BacklogPass?
    {
        guard passed.keys.contains(where: isReady) || carried.keys.contains(where: isReady) else { return nil }
        var left = passed.filter { !dropped($0.key) }
        if let covered {
            left = Dictionary(
                uniqueKeysWithValues: left.map { ($0.key, $0.value.intersection(covered[$0.key] ?? LeftOut())) }
            )
        }
        left = left.filter { !$0.value.closed.isEmpty }
        // Nothing of a node that is carried was left out in this pass.
        left.merge(carried.filter { !dropped($0.key) }) { passed, _ in passed }
        let ready = left.filter { isReady($0.key) }
        if ready.isEmpty { return nil }
        return BacklogPass(number: number + 1, covering: ready, carrying: left.filter { !isReady($0.key) })
    }
}
