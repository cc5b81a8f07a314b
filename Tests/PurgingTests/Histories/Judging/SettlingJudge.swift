import Purging
import SyncTokens
import TestSupport

/// Judges what a purger changed in the database (laws 1, 4 and 5, and the proof of the secret).
struct SettlingJudge {
    let purger: HistoryPurger

    private var world: HistoryWorld { purger.world }
    /// What may have been seen by a decision that is settled now.
    private var recent: [ModelRows] {
        world.tokenserver.versions(since: world.time.elapsed - .seconds(60)).map(\.rows)
    }

    func judge(before: ModelRows) {
        let after = world.rows
        let trace = purger.trace
        var isChanged = false
        for user in before.users {
            let now = after.user(user.uid)
            if now == user { continue }
            isChanged = true
            if trace.isDryRun { world.violated("a dry run changed uid \(user.uid)") }
            guard let replacedAt = user.replacedAt else {
                world.violated("active uid \(user.uid) was \(now == nil ? "deleted" : "changed")")
                continue
            }
            if replacedAt >= world.now - 86_400_000 {
                world.violated("uid \(user.uid) changed within its grace period")
            }
            if now == nil { judge(disappeared: user, before, after, trace) } else { judge(postponed: user) }
        }
        guard isChanged else { return }
        if purger.step.hasWrongSecret, trace.requests > 0 { world.violated("a run with the wrong secret changed rows") }
        if trace.requests > 0, trace.accepted == 0 {
            world.violated("rows were changed before any node had accepted the secret")
        }
        for node in after.nodes {
            guard let known = before.node(node.id), known != node else { continue }
            let isInRange = node.load >= min(0, known.load) && node.available <= max(node.capacity, known.available)
            if !isInRange { world.violated("node \(node.id) has slots out of range") }
        }
        markDoomed(before, after)
    }

    private func judge(postponed user: ModelUser) {
        world.census.count(.postponed)
        world.tell("purger \(purger.number) postpones uid \(user.uid)")
        if purger.step.onFailure == .leave { world.violated("uid \(user.uid) was postponed, but failures are left") }
    }

    private func judge(disappeared user: ModelUser, _ before: ModelRows, _ after: ModelRows, _ trace: PurgeTrace) {
        world.census.count(.recordDeleted)
        let confirmed = trace.deletions.filter { $0.isConfirmed && $0.token.uid == user.uid }
        world.tell("purger \(purger.number) deletes the record of uid \(user.uid)")
        if let plan = trace.plan, !plan.names(user.uid, verbs: [.purge, .deleteRecord]) {
            world.violated("uid \(user.uid) was deleted, but the plan doesn't name it")
        }
        guard let node = before.node(user.node) else {
            forget(user, after) { _, _ in true }
            return
        }
        if confirmed.isEmpty {
            world.census.count(.recordOnly)
            if !mayGoAlone(user, node) {
                world.violated("uid \(user.uid) was deleted, but no node confirmed the deletion of its data")
            }
        }
        forget(user, after) { place, data in isExcused(user, node, place, data, confirmed) }
    }

    /// Whether a record may go without a request although its node is there.
    private func mayGoAlone(_ user: ModelUser, _ node: ModelNode) -> Bool {
        // A node may have been renamed since the decision.
        let nodes = recent.compactMap { $0.node(user.node) }
        if !nodes.contains(where: { [.account, .unknown].contains(purger.said(of: $0)) }) { return false }
        if isLost(user), purger.step.acceptsUnaddressable { return true }
        // Or be up again.
        let isOverridden = purger.isOverridden(node) || nodes.contains(where: purger.isOverridden)
        return recent.contains { rows in
            rows.kin(of: user).contains { family in
                let current = ModelRows.possiblyCurrent(family).map(\.uid)
                return family.contains { other in
                    // Elsewhere than on its own storage, even what only its own user's next login would read stays.
                    (other.uid != user.uid || isOverridden) && other.clientState == user.clientState
                        && (other.replacedAt == nil || current.contains(other.uid))
                }
            }
        }
    }

    /// Its key can't be named any more.
    private func isLost(_ user: ModelUser) -> Bool { user.isMarked && (user.keysChangedAt ?? 0) == 0 }

    /// What was stored with this record's tokens becomes another record's, or nobody's if that is excused.
    private func forget(
        _ user: ModelUser,
        _ after: ModelRows,
        isExcused: (ModelStorage.Place, ModelStorage.Data) -> Bool
    ) {
        let all = world.storage.data.sorted { $0.key.key < $1.key.key }
        for (place, data) in all where data.uids.contains(user.uid) && !data.isAbandoned {
            var heirs = data.uids.filter { after.user($0) != nil }
            // As a decision may have seen them: the key of one may have moved since.
            for other in recent.flatMap({ $0.kin(of: user).joined() })
            where after.user(other.uid) != nil && leads(other, to: place, of: user, after) {
                heirs.insert(other.uid)
            }
            if heirs.isEmpty, !isExcused(place, data) {
                world.violated("uid \(user.uid) disappeared, but its data is still stored: \(place)")
            }
            world.storage.change(place) {
                $0.uids = heirs
                $0.isAbandoned = heirs.isEmpty
            }
        }
    }

    /// Whether a login could be led there by another record.
    ///
    /// Where the database takes several accounts for one user, either may be led there. A row with a 0 stands for both
    /// spellings, whichever server is at work today. A row whose node is gone is copied to any node.
    private func leads(_ other: ModelUser, to place: ModelStorage.Place, of user: ModelUser, _ rows: ModelRows) -> Bool
    {
        // A node may have been renamed since the decision.
        var urls = Set(recent.compactMap { $0.node(other.node)?.url })
        if rows.node(other.node) == nil { urls.formUnion(rows.nodes.map(\.url)) }
        // The operator says that this is where the data of downed nodes is.
        if let target = purger.policy.overrideNode, rows.node(other.node).map(purger.isOverridden) ?? false {
            urls.insert(target.text)
        }
        return [user.fxaUID, other.fxaUID].contains { fxaUID in
            [ModelServer.python, .rust].contains { server in
                urls.contains { url in
                    let token = ModelToken(uid: other.uid, url: url, fxaUID: fxaUID, key: server.key(of: other))
                    return world.storage.place(token) == place
                }
            }
        }
    }

    /// Why data stays behind, through nobody's fault.
    private func isExcused(
        _ user: ModelUser,
        _ node: ModelNode,
        _ place: ModelStorage.Place,
        _ data: ModelStorage.Data,
        _ confirmed: [PurgeTrace.Deletion]
    ) -> Bool {
        // Written by a client with an old token after it was deleted.
        if confirmed.contains(where: { $0.place == place && $0.at <= data.writtenAt + 10 }) { return true }
        let nodes = recent.compactMap { $0.node(user.node) }
        // The node's name led elsewhere.
        if nodes.contains(where: { world.storage.backend($0.url)?.name != place.storage }) { return true }
        if nodes.contains(where: purger.isOverridden) { return true }
        guard world.storage.backend(node.url)?.keying == .account else { return false }
        if isLost(user) { return purger.step.acceptsUnaddressable }
        // Its key moved in place, and no row spells the old one.
        let isRust = place.key == "\(user.fxaUID) \(ModelServer.rust.key(of: user))"
        let isPython = place.key == "\(user.fxaUID) \(ModelServer.python.key(of: user))"
        if !isRust, !isPython { return true }
        // Where nobody named the storage, only the usual spelling is tried.
        return world.setting.said(of: node, storage: world.storage) == .unknown && !isPython
    }

    /// See ``HistoryWorld/doomed``.
    private func markDoomed(_ before: ModelRows, _ after: ModelRows) {
        for owner in Set(before.users.filter(\.isMarked).map(\.owner)) {
            let family = after.of(owner)
            if family.contains(where: \.isMarked) { continue }
            let judgement = FinalJudgement(world: world)
            for user in family where user.replacedAt != nil {
                // The mark waits for nobody who is active, or whom an active record holds, perhaps for ever; as the
                // decision may have seen it.
                let wasActive = recent.contains { $0.user(user.uid).map { $0.replacedAt == nil } ?? false }
                // Nor does it wait for one whose data is its own, though that may yet be moved to where it isn't.
                let isSpared = wasActive || judgement.isHeldByActive(user) || judgement.hasOwnData(user)
                if isSpared { world.spare(user) } else { world.doom(user) }
            }
        }
    }
}
