/// What is done about a record by the end of a run in which every node does what it is asked to.
///
/// It differs from the decision only for the last record of a deleted account: that goes in the same run as the records that
/// it waits for, if they go at all.
extension PurgePlanner {
    func eventualAction(for entry: BacklogEntry, in directory: NodeDirectory, scope: BacklogScope)
        -> PurgeAction
    {
        let action = action(for: entry, in: directory)
        guard action == .wait(.tombstoneLast) else { return action }
        func goes(_ record: UserRecord, in group: [UserRecord], _ others: [[UserRecord]]) -> Bool {
            guard record.uid != entry.record.uid, !record.isActive, !record.isTombstone, scope.contains(record),
                let own = BacklogEntry(record: record, others: group.filter { $0.uid != record.uid }, kin: others)
            else { return false }
            return switch self.action(for: own, in: directory) {
            case .purge, .deleteRecord: true
            case .hold, .wait, .fail: false
            }
        }
        let users = entry.users
        let left = users.enumerated().map { index, group in
            let others = users.enumerated().filter { $0.offset != index }.map(\.element)
            return group.filter { !goes($0, in: group, others) }
        }
        let later = BacklogEntry(
            record: entry.record,
            others: left[0].filter { $0.uid != entry.record.uid },
            kin: Array(left.dropFirst()),
            key: entry.key
        )
        return later.map { self.action(for: $0, in: directory) } ?? action
    }
}
