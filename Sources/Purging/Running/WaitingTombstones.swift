/// Last records of deleted accounts that wait for their account's other records.
///
/// Where those are in progress, a tombstone waits for just these, and is released once, when the last of them has ended. Where
/// they come later in the backlog, it is looked at once more at the end, as they may have gone by then. Memory is bounded: how
/// many are looked at again is, and so is what is in progress.
struct WaitingTombstones: Sendable {
    /// Tombstones, by the records that they wait for.
    private var byRecord: [UID: [UID]] = [:]
    /// For how many records each still waits.
    private var counts: [UID: Int] = [:]
    /// Those to look at once more, with what a plan says about each.
    private var later: [(uid: UID, planned: PlannedRecord?)] = []
    /// Those that were looked at once more.
    private var seen: Set<UID> = []

    /// At most so many are looked at once more in a run; the others go with the next run.
    static let mostLater = 10_000
    /// So many at once: as many as can be read before the reading is too old to decide by.
    static let mostAtOnce = 500

    /// - Returns: false if there is nothing to wait for.
    mutating func add(_ tombstone: UID, waitingFor records: [UID]) -> Bool {
        if records.isEmpty { return false }
        counts[tombstone] = records.count
        for record in records { byRecord[record, default: []].append(tombstone) }
        return true
    }

    /// A record has ended.
    ///
    /// - Returns: the tombstones that wait for nothing any more.
    mutating func ended(_ record: UID) -> [UID] {
        (byRecord.removeValue(forKey: record) ?? []).filter { tombstone in
            let left = (counts[tombstone] ?? 1) - 1
            counts[tombstone] = left > 0 ? left : nil
            return left <= 0
        }
    }

    /// What a tombstone waits for isn't in progress.
    ///
    /// - Returns: whether it is looked at once more; false if it was, or there are too many.
    mutating func lookLater(_ tombstone: UID, planned: PlannedRecord?) -> Bool {
        if seen.count + later.count >= Self.mostLater || seen.contains(tombstone) { return false }
        later.append((tombstone, planned))
        return true
    }

    /// - Returns: some of those to look at once more, now that all else is done; none at the end. Each comes once.
    mutating func takeLater() -> [(uid: UID, planned: PlannedRecord?)] {
        let some = Array(later.prefix(Self.mostAtOnce))
        later.removeFirst(some.count)
        seen.formUnion(some.map(\.uid))
        return some
    }

    /// - Returns: how many were still to be looked at.
    mutating func removeAll() -> Int {
        byRecord.removeAll()
        counts.removeAll()
        defer { later.removeAll() }
        return later.count
    }
}
