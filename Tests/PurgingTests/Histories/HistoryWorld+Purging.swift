import Purging
import SyncTokens
import TestSupport

extension HistoryWorld {
    /// Lets the purgers run, each to its end or until it is killed, with what happens meanwhile.
    func purge(_ step: HistoryStep.PurgeStep) throws {
        var policy = PurgePolicy()
        policy.storageTypes = StorageTypes(
            byURL: Dictionary(
                uniqueKeysWithValues: HistoryStep.nodes.map {
                    (Node.url($0), Self.accountNodes.contains($0) ? StorageKeying.account : .uid)
                }
            )
        )
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
            HistoryPurger($0, world: self, seed: step.seed, purgesUnassigned: step.purgesUnassigned)
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
