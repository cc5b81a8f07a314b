import Purging
import TestSupport

/// What each step does. Steps run beside each other: a login is still under way when the next thing happens.
extension HistoryWorld {
    func perform(_ step: HistoryStep) async {
        var random = SeededGenerator(seed: step.seed)
        tell("\(step.event)")
        switch step.event {
        case .login(let user, let client): await login(user, client, &random)
        case .raceLogins(let user, let one, let other):
            let seeds = (random.next(), random.next())
            await withTaskGroup(of: Void.self) { group in
                for (client, seed) in [(one, seeds.0), (other, seeds.1)] {
                    group.addTask {
                        var random = SeededGenerator(seed: seed)
                        await self.login(user, client, &random)
                    }
                }
            }
        case .write(let user, let isStale): write(user, isStale: isStale, &random)
        case .changePassword(let user, let isTold):
            guard account(user).isAlive else { return }
            change(user) { $0.changePassword(at: now) }
            let account = account(user)
            guard isTold else { return }
            await tokenserver.think(&random)
            noteChanges {
                tokenserver.raiseGeneration(account.fxaUID, to: account.proof.generation - 1)
            }
        case .resetKey(let user):
            guard account(user).isAlive else { return }
            let clientState = newClientState()
            change(user) { $0.resetKey(at: now, clientState: clientState) }
        case .deleteAccount(let user, let isTold, let during):
            await delete(user, isTold: isTold, during: during, &random)
        default: await operate(step.event, &random)
        }
    }

    private func login(_ user: Int, _ client: HistoryStep.Client, _ random: inout SeededGenerator) async {
        comeBack(user)
        let account = account(user)
        let proof = client.isStale ? account.staleProofs.last ?? account.proof : account.proof
        var login = ModelLogin(account, proof, client.kind, setting: tokenserver.setting)
        var outcome: ModelLogin.Outcome?
        while outcome == nil {
            await tokenserver.think(&random)
            let moment = now
            let nodes = Int(random.next() % 997)
            noteChanges {
                outcome = tokenserver.execute { rows in
                    login.step(&rows, now: moment) { $0.isEmpty ? nil : $0[nodes % $0.count] }
                }
            }
        }
        switch outcome {
        case .token(let token):
            census.count(.loginGranted)
            tell("\(account.fxaUID) gets a token: uid \(token.uid) at \(token.url), key \(token.key)")
            hold(token)
            guard client.writes else { return }
            await pass(.milliseconds(random.integer(0...random.pick([50, 3000]))))
            write(token)
        case .refused(let reason):
            census.count(.loginRefused)
            tell("\(account.fxaUID) is refused: \(reason)")
        case nil: break
        }
    }

    private func write(_ user: Int, isStale: Bool, _ random: inout SeededGenerator) {
        let tokens = tokens(account(user).fxaUID)
        guard let newest = tokens.last else { return }
        let token = isStale ? random.pick(tokens) : newest
        if token != newest { census.count(.staleWrite) }
        write(token)
    }

    private func delete(
        _ user: Int,
        isTold: Bool,
        during: HistoryStep.Client?,
        _ random: inout SeededGenerator
    ) async {
        let account = account(user)
        guard account.isAlive, during != nil || rows.users.contains(where: { $0.fxaUID == account.fxaUID }) else {
            return
        }
        let (seed, delay) = (random.next(), random.integer(0...random.pick([10, 60, 4000])))
        await withTaskGroup(of: Void.self) { group in
            if let during {
                group.addTask {
                    var random = SeededGenerator(seed: seed)
                    await self.login(user, during, &random)
                }
            }
            group.addTask {
                await self.pass(.milliseconds(delay))
                guard self.account(user).fxaUID == account.fxaUID else { return }
                self.change(user) { $0.isAlive = false }
                guard isTold else { return }
                await self.pass(.milliseconds(delay / 2))
                var marked = 0
                self.noteChanges { marked = self.tokenserver.retire(account.fxaUID) }
                self.census.count(.unmarkedDeletion, marked == 0 ? 1 : 0)
                self.tell("\(marked) records of \(account.fxaUID) are marked as a deleted account's")
            }
        }
    }

    /// Tells and counts what a statement changed.
    func noteChanges(_ statement: () -> Void) {
        let before = rows
        statement()
        let after = rows
        for user in after.users {
            guard let known = before.user(user.uid) else {
                noteInserted(user, before)
                continue
            }
            if known == user { continue }
            tell("uid \(user.uid): \(Self.difference(known, user))")
            if known.replacedAt == nil, let replaced = user.replacedAt, replaced < now - 1000 {
                census.count(.backdated)
            }
            let server = tokenserver.setting.server
            if !user.isMarked, server.key(of: known) != server.key(of: user) { census.count(.movedKey) }
            if user.isMarked, !known.isMarked {
                after.of(user.owner).filter { $0.replacedAt != nil }.forEach(doom)
            }
        }
    }

    private func noteInserted(_ user: ModelUser, _ before: ModelRows) {
        tell(
            "uid \(user.uid) is inserted: \(user.email), node \(user.node), generation \(user.generation),"
                + " keys_changed_at \(user.keysChangedAt.map(String.init) ?? "null"), client_state \(user.clientState)"
        )
        let family = before.of(user.owner)
        let revived = family.contains { $0.clientState == user.clientState && $0.generation == user.generation }
        if revived { census.count(.copied) }
        if family.contains(where: \.isMarked) { census.count(.deletionRacedLogin) }
    }

    private static func difference(_ old: ModelUser, _ new: ModelUser) -> String {
        func text(_ number: Int64?) -> String { number.map(String.init) ?? "null" }
        var parts: [String] = []
        if old.generation != new.generation { parts.append("generation \(old.generation) → \(new.generation)") }
        if old.keysChangedAt != new.keysChangedAt {
            parts.append("keys_changed_at \(text(old.keysChangedAt)) → \(text(new.keysChangedAt))")
        }
        if old.replacedAt != new.replacedAt {
            parts.append("replaced_at \(text(old.replacedAt)) → \(text(new.replacedAt))")
        }
        return parts.joined(separator: ", ")
    }
}
