/// Last records of deleted accounts that wait until their account's other records, which are in progress, are committed.
///
/// Each waits for a fixed set of records, and is released once, when the last of them has ended.
struct WaitingTombstones: Sendable {
    /// Tombstones, by the records that they wait for.
    private var byRecord: [UID: [UID]] = [:]
    /// For how many records each still waits.
    private var counts: [UID: Int] = [:]

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

    mutating func removeAll() {
        byRecord.removeAll()
        counts.removeAll()
    }
}
