import Purging
import SyncTokens
import Synchronization
import TestSupport

extension HistoryWorld {
    static var policy: PurgePolicy {
        var policy = PurgePolicy()
        policy.storageTypes = StorageTypes(
            byURL: Dictionary(
                uniqueKeysWithValues: HistoryStep.nodes.map {
                    (Node.url($0), Self.accountNodes.contains($0) ? StorageKeying.account : .uid)
                }
            )
        )
        return policy
    }

    /// All nodes come back, and everything is purged that can be, some days in a row. Then nothing of a deleted account
    /// may be left that is taken for a live user's.
    func end() throws {
        for node in store.nodeRows { store.updateNode(node.node.id.rawValue) { $0.node.isDowned = false } }
        for day in 1...4 {
            time.advance(by: .seconds(40 * 3600))
            try purge(
                HistoryStep.PurgeStep(
                    seed: UInt64(day),
                    purgers: 1,
                    killedAfter: [nil],
                    clockSkewSeconds: 0,
                    purgesUnassigned: false,
                    forcesDowned: false,
                    order: .oldestFirst,
                    isCalm: true,
                    meanwhile: []
                )
            )
        }
        let directory = NodeDirectory(nodes: store.nodeRows.map(\.node), policy: Self.policy)
        let planner = PurgePlanner(policy: Self.policy)
        for user in state.withLock(\.markedAccounts) {
            let records = records(ofUser: user)
            for record in records {
                let entry = BacklogEntry(record: record, others: records.filter { $0.uid != record.uid })
                if let entry, planner.action(for: entry, in: directory) == .hold(.revivable) {
                    violated("uid \(record.uid) of a deleted account is held as if its user could come back")
                }
            }
        }
    }

    /// Lets the purgers run, each to its end or until it is killed, with what happens meanwhile.
    func purge(_ step: HistoryStep.PurgeStep) throws {
        var policy = Self.policy
        policy.purgesUnassigned = step.purgesUnassigned
        policy.forcesDownedNodes = step.forcesDowned
        policy.keepsTombstonesLast = step.order == .deletedFirst
        var options = RunOptions()
        options.gracePeriod = Self.gracePeriod
        options.pageSize = 3
        options.order = step.order
        options.onFailure = step.seed % 2 == 0 ? .leave : .defer
        options.settler.batchSize = 3
        options.dispatcher.gate.ceiling = 3
        store.setClockSkew(.seconds(step.clockSkewSeconds))
        let first = storage.deletions.count
        let purgers = (1...step.purgers).map {
            HistoryPurger(
                $0,
                world: self,
                seed: step.seed,
                purgesUnassigned: step.purgesUnassigned,
                isCalm: step.isCalm
            )
        }
        try simulation.run { [options, policy] in
            await withTaskGroup(of: Void.self) { group in
                for (purger, axe) in zip(purgers, step.killedAfter) {
                    group.addTask { await self.run(purger, options, policy, seed: step.seed) }
                    guard let axe else { continue }
                    group.addTask {
                        await self.pass(.milliseconds(axe))
                        purger.kill()
                    }
                }
                for event in step.meanwhile {
                    group.addTask {
                        await self.pass(.milliseconds(event.after))
                        self.happen(event.step)
                    }
                }
            }
        }
        for (purger, axe) in zip(purgers, step.killedAfter) {
            checkJournal(of: purger, since: first, wasKilled: axe != nil)
        }
    }

    private func run(_ purger: HistoryPurger, _ options: RunOptions, _ policy: PurgePolicy, seed: UInt64) async {
        let run = PurgeRun(
            store: purger,
            counter: NoCount(),
            client: purger,
            options: options,
            policy: policy,
            observer: RecordingObserver(),
            time: time,
            stopSignal: StopSignal(),
            journal: purger,
            seed: { seed &+ UInt64(purger.number) }
        )
        var gates: [ServiceURL: NodeGate] = [:]
        _ = await run.run(gates: &gates)
    }
}
