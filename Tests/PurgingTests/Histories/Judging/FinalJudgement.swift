import Purging
import TestSupport

/// Judges what is left after the calm days: all is gone that ought to be, or it stands with a cause outside.
struct FinalJudgement {
    /// Causes for which an obsolete record may stand.
    enum Cause: Equatable {
        case nodeDown
        /// Nobody said by what the storage keys.
        case notNamed
        case unaddressable
        /// Its data may be what the next login reads.
        case nextLogin
        /// The last record of a deleted account, which another one needs.
        case neededByAnother
    }

    let world: HistoryWorld
    private let rows: ModelRows

    init(world: HistoryWorld) {
        self.world = world
        rows = world.rows
    }

    func judge() {
        for user in rows.users where user.service == ModelRows.service && user.replacedAt != nil {
            if cause(of: user) != nil {
                world.census.count(.excused)
            } else {
                let node = rows.node(user.node).map { "node \($0.id) at \($0.url)" } ?? "no node"
                world.violated("uid \(user.uid) of \(user.fxaUID) on \(node) is still there without a cause")
            }
        }
        for (place, data) in world.storage.data.sorted(by: { $0.key.key < $1.key.key }) where !data.isAbandoned {
            if !data.uids.contains(where: { rows.user($0) != nil }) {
                world.violated("data is left that no record leads to: \(place)")
            }
        }
    }

    private func cause(of user: ModelUser) -> Cause? {
        if let own = ownCause(of: user) { return own }
        // The mark must outlive those that couldn't be told from a living user's without it.
        let others = rows.kin(of: user).joined().filter {
            $0.uid != user.uid && $0.replacedAt != nil && !$0.isMarked
        }
        if user.isMarked, others.contains(where: { waits($0) }) { return .neededByAnother }
        return nil
    }

    /// Whether it will have its turn when an operator did something.
    private func waits(_ user: ModelUser) -> Bool {
        guard let node = rows.node(user.node) else { return false }
        let keying = world.setting.said(of: node, storage: world.storage)
        return keying != .uid && (node.downed != 0 || keying == nil)
    }

    private func ownCause(of user: ModelUser) -> Cause? {
        guard let node = rows.node(user.node) else { return nil }
        if node.downed != 0 { return .nodeDown }
        guard let keying = world.setting.said(of: node, storage: world.storage) else { return .notNamed }
        if keying == .uid { return nil }
        if user.isMarked, (user.keysChangedAt ?? 0) == 0 {
            return keying == .account && world.setting.acceptsUnaddressable ? nil : .unaddressable
        }
        return leadersKeep(user, keying) ? .nextLogin : nil
    }

    /// Whether, as far as rows can tell, a login could lead to this record's key.
    private func leadersKeep(_ user: ModelUser, _ keying: StorageKeying) -> Bool {
        let kin = rows.kin(of: user)
        let isDeleted = kin.joined().contains(where: \.isMarked)
        return kin.contains { family in
            // What was a deleted account's once leads nowhere, though the rows don't tell any more.
            let current = ModelRows.possiblyCurrent(family).filter {
                $0.replacedAt != nil && !isDeleted && !world.isDoomed($0)
            }
            return current.contains(where: { keeps($0, user) }) || activeKeep(user, keying, family)
        }
    }

    /// Whether an active record holds this one, whatever becomes of its account's mark.
    func isHeldByActive(_ user: ModelUser) -> Bool {
        guard let node = rows.node(user.node),
            let keying = world.setting.said(of: node, storage: world.storage), keying != .uid
        else { return false }
        return rows.kin(of: user).contains { activeKeep(user, keying, $0) }
    }

    /// Whether its data is nobody else's, as the operator has it.
    func hasOwnData(_ user: ModelUser) -> Bool {
        rows.node(user.node).map { world.setting.said(of: $0, storage: world.storage) == .uid } ?? false
    }

    private func activeKeep(_ user: ModelUser, _ keying: StorageKeying, _ family: [ModelUser]) -> Bool {
        family.contains { leader in
            // An active record's own data isn't this record's: that one goes alone, where the storages are named, and the
            // database mixes no accounts.
            leader.replacedAt == nil && keeps(leader, user)
                && (keying == .unknown || moves(leader) || !isNamed(leader) || leader.fxaUID != user.fxaUID)
        }
    }

    /// Whether the operator said by what its storage keys. Without a node nobody can: its copy may come to any.
    private func isNamed(_ user: ModelUser) -> Bool {
        guard let node = rows.node(user.node) else { return false }
        let keying = world.setting.said(of: node, storage: world.storage)
        return keying != nil && keying != .unknown
    }

    /// Whether the number in the key of such a record can still change.
    private func moves(_ user: ModelUser) -> Bool { (user.keysChangedAt ?? 0) == 0 }

    private func keeps(_ leader: ModelUser, _ user: ModelUser) -> Bool {
        guard leader.clientState == user.clientState else { return false }
        if moves(leader) { return true }
        let servers = [ModelServer.python, .rust]
        return servers.contains { one in servers.contains { one.key(of: leader) == $0.key(of: user) } }
    }
}
