import Purging
import Synchronization
import SyncTokens
import TestSupport

extension HistoryWorld {
    /// Plays a history to its end, and then the calm days after it.
    func play(_ steps: [HistoryStep]) throws {
        try simulation.run(longest: .seconds(1000 * 86_400)) {
            await withTaskGroup(of: Void.self) { group in
                for step in steps {
                    await self.pass(.milliseconds(step.gap))
                    if self.violation != nil { break }
                    group.addTask { await self.perform(step) }
                }
            }
        }
        if violation == nil { try end() }
    }

    /// All faults are healed, and nothing happens but purges, some weeks long. Then all is gone that ought to be.
    private func end() throws {
        tell("calm days")
        for node in rows.nodes {
            let staysDown = setting.staysDown == node.id
            if staysDown { census.count(.staysDown) }
            tokenserver.update(node.id) {
                $0.downed = staysDown ? 7 : 0
                $0.backoff = 0
            }
        }
        try simulation.run(longest: .seconds(1000 * 86_400)) {
            for days in [3, 1, 2, 33, 1, 1] where self.violation == nil {
                await self.pass(.seconds(days * 86_400 + 4000))
                var random = SeededGenerator(seed: 1)
                var step = PurgeStep()
                step.acceptsUnaddressable = self.setting.acceptsUnaddressable
                await self.purge(step, &random)
            }
        }
        if violation == nil { FinalJudgement(world: self).judge() }
    }

    /// Lets the purgers run, each to its end or until it is killed.
    func purge(_ step: PurgeStep, _ random: inout SeededGenerator) async {
        countSituations(step)
        tokenserver.store.setClockSkew(.seconds(step.clockSkewSeconds))
        let purgers = (1...step.purgers).map { HistoryPurger($0, world: self, step: step, seed: random.next()) }
        await withTaskGroup(of: Void.self) { group in
            for purger in purgers {
                group.addTask { await purger.run() }
                guard let axe = step.killedAfter else { continue }
                census.count(.killed)
                group.addTask {
                    await self.pass(.milliseconds(axe))
                    purger.kill()
                }
            }
        }
    }

    /// What the next run makes of the rows depends on these.
    private func countSituations(_ step: PurgeStep) {
        let rows = rows
        let old = now - 86_400_000
        let server = tokenserver.setting.server
        census.count(.wrongSecret, step.hasWrongSecret ? 1 : 0)
        census.count(.twoPurgers, step.purgers - 1)
        census.count(.plan, step.planAge == nil ? 0 : 1)
        for (_, family) in Dictionary(grouping: rows.users.filter { $0.service == ModelRows.service }, by: \.owner) {
            let active = family.filter { $0.replacedAt == nil }
            let obsolete = family.filter { ($0.replacedAt ?? .max) < old }
            census.count(.twoActive, active.count > 1 ? 1 : 0)
            census.count(.mixedSpellings, Set(family.map(\.email)).count > 1 ? 1 : 0)
            if let current = ModelRows.current(family), !current.isMarked, (current.replacedAt ?? .max) < old {
                census.count(.revivable)
            }
            for user in obsolete {
                let node = rows.node(user.node)
                census.count(.tombstoneWithSibling, user.isMarked && obsolete.count > 1 ? 1 : 0)
                census.count(.unaddressable, user.isMarked && (user.keysChangedAt ?? 0) == 0 ? 1 : 0)
                census.count(.zeroKey, user.keysChangedAt == 0 ? 1 : 0)
                census.count(.shared, active.contains { server.key(of: $0) == server.key(of: user) } ? 1 : 0)
                census.count(.nodeless, node == nil ? 1 : 0)
                census.count(.foreignNode, node?.service == ModelRows.otherService ? 1 : 0)
                census.count(.forcedDowned, step.forcesDowned && node?.downed ?? 0 != 0 ? 1 : 0)
            }
        }
        let accounts = Dictionary(grouping: rows.users.filter { $0.service == ModelRows.service }, by: \.fxaUID)
        census.count(.secondDomain, accounts.values.count { Set($0.map(\.owner)).count > 1 })
    }
}
