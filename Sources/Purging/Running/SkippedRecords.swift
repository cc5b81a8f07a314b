import DequeModule

/// Records that were skipped as their node was abandoned, in case it is taken up again in this run. Beyond a bound they are
/// left to the next run.
struct SkippedRecords: Sendable {
    typealias Record = (uid: UID, planned: PlannedRecord?)

    static let most = 10_000

    private var byNode: [String: Deque<Record>] = [:]
    private var count = 0

    var isEmpty: Bool { byNode.isEmpty }

    var nodes: [String] { byNode.keys.sorted() }

    mutating func add(_ record: Record, of node: String) {
        if count >= Self.most { return }
        byNode[node, default: []].append(record)
        count += 1
    }

    /// The first of them, which are forgotten here.
    mutating func take(of node: String, most: Int) -> [Record] {
        guard var records = byNode[node] else { return [] }
        let taken = Array(records.prefix(most))
        records.removeFirst(taken.count)
        count -= taken.count
        byNode[node] = records.isEmpty ? nil : records
        return taken
    }

    mutating func removeAll() { self = SkippedRecords() }
}
