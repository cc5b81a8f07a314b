import SyncTokens

/// Decides what is to be done about a record: the decision table, row by row.
///
/// It is a pure function of the record, its user's other records, the nodes, and the policy. It never allows a request
/// that could reach data of an active record, or data that the user would get back at the next login; where what is
/// known doesn't settle that, the record is held.
package struct PurgePlanner: Sendable {
    package let policy: PurgePolicy

    package init(policy: PurgePolicy) { self.policy = policy }

    package func action(for entry: BacklogEntry, in directory: NodeDirectory) -> PurgeAction {
        let record = entry.record
        // Only its tombstone says that the account is deleted: without it, the data of its other records would seem to be
        // what the next login gets back.
        let isNeeded =
            record.isTombstone
            && (policy.keepsTombstonesLast
                ? entry.others.contains { !$0.isTombstone } : entry.hasRecordsLeft(onAccountStorageIn: directory))
        guard let place = directory[record.nodeID] else {
            let action = nodelessAction(record.nodeID, in: directory)
            return isNeeded && action == .deleteRecord(.nodeless) ? .wait(.tombstoneLast) : action
        }
        if place.node.isDowned, !policy.forcesDownedNodes {
            return .wait(.nodeDown)
        }
        guard let target = place.target, let keys = record.keys, let usualKey = keys.first else {
            return .fail(.malformed)
        }
        func purge(_ keys: [KeyID]) -> PurgeAction {
            .purge(
                DataDeletion(
                    target: target,
                    keys: keys,
                    unmodifiedSince: policy.writeMargin.map { entry.lastRightfulWrite.advanced(by: $0) },
                    kind: place.node.isDowned ? .force : .notDown
                )
            )
        }
        if place.keying == .uid {
            return isNeeded ? .wait(.tombstoneLast) : purge([usualKey])
        }
        if record.isUnaddressable, !(place.keying == .account && policy.acceptsUnaddressable) {
            return .hold(.unaddressable)
        }
        if record.isTombstone, entry.others.contains(where: { !$0.isTombstone }) {
            return .wait(.tombstoneLast)
        }
        if place.keying == .account {
            return accountAction(entry, keys: Set(keys), in: directory) { left in purge(keys.filter(left.contains)) }
        }
        if hasTwin(entry, keys: keys, target: target, in: directory) {
            return policy.effectiveOverride == nil ? .hold(.sharedData) : .deleteRecord(.sharedData)
        }
        return purge([usualKey])
    }

    private func nodelessAction(_ node: NodeID, in directory: NodeDirectory) -> PurgeAction {
        if directory.crowdedGoneNodes.contains(node), !policy.confirmedGoneNodes.contains(node) {
            return .hold(.goneNode)
        }
        return .deleteRecord(.nodeless)
    }

    /// On storage keyed by account: what no other record may still need is deleted.
    private func accountAction(
        _ entry: BacklogEntry,
        keys: Set<KeyID>,
        in directory: NodeDirectory,
        purge: (Set<KeyID>) -> PurgeAction
    ) -> PurgeAction {
        if !policy.purgesUnassigned, entry.isRevivable(keys: keys) {
            return .hold(.revivable)
        }
        var shared: Set<KeyID> = []
        var doubtful: Set<KeyID> = []
        for active in entry.others where active.isActive {
            let keying = directory[active.nodeID]?.keyingOfActiveRecords ?? policy.storageTypes.keyingOfGoneNode
            switch keying {
            case .account: shared.formUnion(active.keys ?? [])
            case .unknown: doubtful.formUnion(active.keys ?? [])
            case .uid: break
            }
        }
        let left = keys.subtracting(shared)
        if left.isEmpty {
            return .deleteRecord(.sharedData)
        }
        return left.isDisjoint(with: doubtful) ? purge(left) : .hold(.sharedData)
    }

    /// On storage of an unknown kind: whether an active record of the user may share the data.
    private func hasTwin(
        _ entry: BacklogEntry,
        keys: [KeyID],
        target: ServiceURL,
        in directory: NodeDirectory
    ) -> Bool {
        entry.others.contains { other in
            guard other.isActive, let otherKeys = other.keys, !Set(keys).isDisjoint(with: otherKeys) else {
                return false
            }
            return policy.effectiveOverride != nil || directory[other.nodeID]?.target?.storage == target.storage
        }
    }
}

extension BacklogEntry {
    /// The moment after which nobody should have written to this record's storage, but for tokens still alive then:
    /// the earlier of its replacement and the creation of the user's next record, as a deferral moves the former.
    fileprivate var lastRightfulWrite: Milliseconds {
        let next = others.lazy
            .filter { ($0.createdAt, $0.uid) > (record.createdAt, record.uid) }
            .map(\.createdAt)
            .min()
        return next.map { min($0, replacedAt) } ?? replacedAt
    }

    /// Whether the account has records on account-keyed storage that aren't tombstones themselves.
    fileprivate func hasRecordsLeft(onAccountStorageIn directory: NodeDirectory) -> Bool {
        others.contains { other in
            !other.isTombstone && directory[other.nodeID]?.keyingOfActiveRecords == .account
        }
    }

    /// Whether the user's next login would get back the data under one of these keys.
    ///
    /// That is so for a user who has no active record and whose account was not deleted: Tokenserver then makes a new
    /// record with the newest one's key. Older records with that key share its data.
    fileprivate func isRevivable(keys: Set<KeyID>) -> Bool {
        let all = [record] + others
        if all.contains(where: { $0.isActive || $0.isTombstone }) {
            return false
        }
        let newest = all.map { ($0.generation, $0.createdAt) }.max { $0 < $1 }
        return all.contains { candidate in
            guard let newest, (candidate.generation, candidate.createdAt) == newest else { return false }
            return candidate.uid == record.uid || !keys.isDisjoint(with: candidate.keys ?? [])
        }
    }
}
