import SyncTokens

/// Decides what is to be done about a record: the decision table, row by row.
///
/// It is a pure function of the record, its account's other records, the nodes, and the policy. It never allows a request
/// that could reach data to which a login could lead; where what is known doesn't settle that, the record is held.
package struct PurgePlanner: Sendable {
    package let policy: PurgePolicy

    package init(policy: PurgePolicy) { self.policy = policy }

    package func action(for entry: BacklogEntry, in directory: NodeDirectory) -> PurgeAction {
        let record = entry.record
        if record.malformation != nil { return .fail(.malformed) }
        guard let place = directory[record.nodeID] else {
            return accidentHold(entry, in: directory) ?? nodelessAction(entry, in: directory)
        }
        if place.node.isDowned, !policy.forcesDownedNodes {
            return .wait(.nodeDown)
        }
        guard let target = place.target, let keys = record.keys, let usualKey = keys.first else {
            return .fail(.malformed)
        }
        if let hold = accidentHold(entry, in: directory) { return hold }
        if place.keying == .unnamed { return .hold(.unnamedStorage) }
        if isNeeded(entry, in: directory) { return .wait(.tombstoneLast) }
        let check = WriteCheck(entry: entry, margin: policy.writeMargin)
        func purge(_ keys: [DataDeletion.Key]) -> PurgeAction {
            .purge(DataDeletion(target: target, keys: keys, kind: place.node.isDowned ? .force : .notDown))
        }
        func purgeShared(_ keys: [KeyID]) -> PurgeAction {
            purge(keys.map { .init(id: $0, unmodifiedSince: check.sharedMoment($0)) })
        }
        if place.keying == .uid {
            return purge([.init(id: usualKey, unmodifiedSince: check.ownMoment())])
        }
        // What a login reads of such an account can't be told.
        if entry.users.joined().contains(where: { $0.malformation != nil }) { return .hold(.sharedData) }
        if record.isUnaddressable {
            let isAccepted = place.keying == .account && policy.acceptsUnaddressable
            return isAccepted ? .deleteRecord(.unaddressable) : .hold(.unaddressable)
        }
        let protected = ProtectedData(entry, in: directory, policy: policy)
        let protections = keys.map { protected.protection(of: $0, of: record) }
        let free = freeKeys(keys, protections, on: place.keying)
        if !free.isEmpty { return purgeShared(free) }
        if place.keying == .account { return protectedAction(protections) }
        // Past a downed node the operator has said where the data is, and the original does this.
        if place.node.isDowned, policy.effectiveOverride != nil { return .deleteRecord(.sharedData) }
        return .hold(protections.contains { $0 == .active || $0 == .perhapsActive } ? .sharedData : .revivable)
    }

    /// Which field of a record makes it malformed, and how; nil if none does, and its node's URL is the problem.
    package func problem(of record: UserRecord) -> String? {
        record.malformation ?? (record.keys == nil ? "client_state is not hexadecimal" : nil)
    }

    /// What looks like somebody's accident, or would lock a user out, is held; nil if there is nothing of it.
    private func accidentHold(_ entry: BacklogEntry, in directory: NodeDirectory) -> PurgeAction? {
        let node = entry.record.nodeID
        if directory.masses.contains(NodeDirectory.Mass(of: entry)), !policy.confirmedMasses.contains(node) {
            return .hold(.massUnassigned)
        }
        guard policy.keepsLastRecords, !entry.isAccountDeleted else { return nil }
        let next = NextLogin([entry.record] + entry.others)
        let isLast = next.active.isEmpty && next.current.contains { $0.uid == entry.record.uid }
        return isLast ? .hold(.lastRecord) : nil
    }

    private func nodelessAction(_ entry: BacklogEntry, in directory: NodeDirectory) -> PurgeAction {
        let node = entry.record.nodeID
        if directory.crowdedGoneNodes.contains(node), !policy.confirmedGoneNodes.contains(node) {
            return .hold(.goneNode)
        }
        return isNeeded(entry, in: directory) ? .wait(.tombstoneLast) : .deleteRecord(.nodeless)
    }

    /// The keys under which a record's data is deleted, on storage that isn't keyed by uid; none if the record's data is
    /// protected, all of it or perhaps.
    private func freeKeys(
        _ keys: [KeyID],
        _ protections: [ProtectedData.Protection?],
        on keying: StorageKeying
    ) -> [KeyID] {
        guard keying == .account else { return protections.allSatisfy { $0 == nil } ? Array(keys.prefix(1)) : [] }
        // Data that isn't surely an active record's may be left to nobody once this record is gone.
        guard protections.allSatisfy({ $0 == nil || $0 == .active }) else { return [] }
        return zip(keys, protections).filter { $0.1 == nil }.map(\.0)
    }

    /// What becomes of a record whose data is protected, all of it or perhaps.
    private func protectedAction(_ protections: [ProtectedData.Protection?]) -> PurgeAction {
        if protections.allSatisfy({ $0 == .active }) { return .deleteRecord(.sharedData) }
        return .hold(protections.contains { $0 == .perhapsActive } ? .sharedData : .revivable)
    }

    /// Whether the record is the tombstone of a deleted account and some other obsolete record still needs it: only the
    /// tombstone says that the account is deleted, and without it that record's data would seem to be what the next login
    /// gets back.
    ///
    /// No record that is needed waits for one that waits for it: other tombstones don't count, nor does a record that is
    /// held, or can't be purged, whether the account is deleted or not.
    private func isNeeded(_ entry: BacklogEntry, in directory: NodeDirectory) -> Bool {
        guard entry.record.isTombstone else { return false }
        let others = entry.users.joined().filter { !$0.isActive && !$0.isTombstone }
        if others.isEmpty { return false }
        let protected = ProtectedData(entry, in: directory, policy: policy)
        return others.contains { other in
            if policy.keepsTombstonesLast, directory[other.nodeID]?.keying == .uid || directory[other.nodeID] == nil {
                return true
            }
            guard let place = directory[other.nodeID], place.keyingOfActiveRecords != .uid, let keys = other.keys else {
                return false
            }
            let protections = keys.map { protected.protection(of: $0, of: other) }
            // The operator may yet say anything of that storage.
            if place.keying == .unnamed { return protections.contains { $0 == nil } }
            // What is held or deleted because of an active record would be so without the tombstone.
            return !freeKeys(keys, protections, on: place.keying).isEmpty
        }
    }
}
