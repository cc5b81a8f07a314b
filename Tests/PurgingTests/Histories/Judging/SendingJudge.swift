import Purging
import SyncTokens
import TestSupport

/// Judges one request: at some moment of the last five seconds before it went out, it must have been right (laws 2
/// and 3).
struct SendingJudge {
    private static let freshness = Duration.milliseconds(5001)

    let purger: HistoryPurger
    let token: ModelToken
    let sentAt: Duration

    private var world: HistoryWorld { purger.world }

    /// The rows as a decision may have seen them.
    private var versions: [ModelTokenserver.Version] {
        world.tokenserver.versions(since: sentAt - Self.freshness).filter { $0.since <= sentAt }
    }

    /// Of the request as such, when it goes out.
    func judge() {
        let trace = purger.trace
        if trace.isDryRun { world.violated("a dry run sent a request") }
        if let plan = trace.plan, !plan.names(token.uid, verbs: [.purge]) {
            world.violated("uid \(token.uid) was sent, but the plan doesn't name it")
        }
        let isIntended = purger.journal.contains { entry in
            if case .intended(let intent) = entry {
                intent.uid == UID(token.uid) && intent.target == token.url
            } else {
                false
            }
        }
        if !isIntended { world.violated("uid \(token.uid) was sent without an intent in the audit log") }
        world.tell("purger \(purger.number) sends uid \(token.uid) to \(token.url)")
        let reasons = versions.map { wrong(in: $0) }
        if versions.count > 1 { world.census.count(.changedMeanwhile) }
        if let reason = reasons.last ?? nil, !reasons.contains(where: { $0 == nil }) {
            world.violated("uid \(token.uid) was sent, but \(reason)")
        }
    }

    /// A node deletes data: nobody's next login may have led there.
    func judge(deletionOf place: ModelStorage.Place) {
        var harmed: ModelAccount?
        for version in versions.reversed() where wrong(in: version) == nil {
            guard let reader = reader(of: place, in: version.rows) else { return }
            harmed = harmed ?? reader
        }
        guard let harmed else { return }
        world.violated(
            "the next login of \(harmed.fxaUID)\(isMixed(harmed) ? ", whom the collation mixes with another," : "") would"
                + " have read what was deleted on \(said): uid \(token.uid) at \(token.url), key \(token.key)"
        )
    }

    /// Whether Tokenserver takes several accounts for this one user.
    private func isMixed(_ account: ModelAccount) -> Bool {
        let owners = world.rows.users.filter { $0.fxaUID == account.fxaUID }.map(\.owner)
        return world.rows.users.contains { owners.contains($0.owner) && $0.fxaUID != account.fxaUID }
    }

    /// What the operator calls the storage.
    private var said: String {
        let node = versions.compactMap { version in
            version.rows.user(token.uid).flatMap { version.rows.node($0.node) }
        }.first
        let keying = node.flatMap { world.setting.said(of: $0, storage: world.storage) }
        return "storage by \(keying.map { "\($0)" } ?? "nobody")"
    }

    private func reader(of place: ModelStorage.Place, in rows: ModelRows) -> ModelAccount? {
        let logins = NextLogins(
            setting: world.tokenserver.setting,
            storage: world.storage,
            now: world.now
        )
        guard let reader = logins.reader(of: place, among: world.accounts, rows) else { return nil }
        if purger.step.purgesUnassigned {
            // Its user as Tokenserver has it today, or the record's own, if that has another domain.
            let owners = [logins.setting.owner(reader.fxaUID), rows.user(token.uid)?.owner].compactMap { $0 }
            if owners.contains(where: { !rows.of($0).contains { $0.replacedAt == nil } }) { return nil }
        }
        return reader
    }

    /// Why these rows don't ask for this request; nil if they do. The nodes may have been read at another moment.
    private func wrong(in version: ModelTokenserver.Version) -> String? {
        guard let user = version.rows.user(token.uid), user.service == ModelRows.service else {
            return "its record was gone"
        }
        guard let replacedAt = user.replacedAt else { return "its record was active" }
        if replacedAt >= world.now - 86_400_000 { return "its grace period wasn't over" }
        if user.fxaUID != token.fxaUID { return "the record is another account's" }
        let reasons = versions.map { wrong(with: $0.rows.node(user.node)) }
        return reasons.contains { $0 == nil } ? nil : reasons.last ?? nil
    }

    private func wrong(with node: ModelNode?) -> String? {
        guard let node else { return "its node was gone" }
        if node.downed != 0, !purger.step.forcesDowned { return "its node was down" }
        let target = purger.isOverridden(node) ? purger.policy.overrideNode?.text : node.url
        if token.url != target { return "it should have gone to \(target ?? "nowhere"), not \(token.url)" }
        return purger.said(of: node) == nil ? "nobody named its storage" : nil
    }
}
