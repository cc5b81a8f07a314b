package import SyncTokens

/// One run against a real store and real nodes: it carries out what the ``PurgeEngine`` asks for, each effect in a
/// child task, and tells it what came of it.
///
/// A stop request lets requests in flight end for a while and then cancels them. Settlements are never cancelled:
/// stores don't react to task cancellation.
package struct PurgeRun: Sendable {
    let store: any RecordStore
    let counter: any BacklogCounter
    let client: any StorageNodeClient
    let options: RunOptions
    let policy: PurgePolicy
    let observer: any RunObserver
    let time: any TimeSource
    let witness: ClockWitness
    let stopSignal: StopSignal
    /// Where it is written down what is about to be done; nil for nowhere.
    let journal: (any AuditJournal)?
    /// What may have it send nothing for a while; nil for nothing.
    let pauses: (any PauseSource)?
    /// Where it writes what it is doing.
    let board: StatusBoard?
    /// Where the randomness of each run comes from.
    let seed: @Sendable () -> UInt64

    package init(
        store: any RecordStore,
        counter: any BacklogCounter,
        client: any StorageNodeClient,
        options: RunOptions,
        policy: PurgePolicy,
        observer: any RunObserver,
        time: any TimeSource,
        witness: ClockWitness? = nil,
        stopSignal: StopSignal,
        journal: (any AuditJournal)? = nil,
        pauses: (any PauseSource)? = nil,
        board: StatusBoard? = nil,
        seed: @escaping @Sendable () -> UInt64 = { .random(in: 0 ... .max) }
    ) {
        self.store = store
        self.counter = counter
        self.client = client
        self.options = options
        self.policy = policy
        self.observer = observer
        self.time = time
        self.witness = witness ?? ClockWitness(client: client, time: time)
        self.stopSignal = stopSignal
        self.journal = journal
        self.pauses = pauses
        self.board = board
        self.seed = seed
    }

    enum Arrival: Sendable {
        case event(PurgeEngine.Event)
        case woke
        /// Another second has passed.
        case ticked(SendOrders?)
        case patienceEnded
    }

    /// Runs to the end, and returns what happened.
    ///
    /// - Parameter gates: what earlier runs learnt about the nodes; this run's knowledge replaces it.
    package func run(gates: inout [ServiceURL: NodeGate]) async -> RunSummary {
        let started = time.now
        observer.observe(.started(options.shard))
        board?.begin()
        var summary = RunSummary()
        do {
            let prepared = try await stopSignal.unlessRequested {
                try await RunPreparation(source: store, policy: policy, options: options, time: time, witness: witness)
            }
            guard let preparation = prepared else {
                summary.stopReason = .stopRequested
                return finished(summary, started)
            }
            let count = BacklogCount(
                counter: counter,
                options: options,
                policy: policy,
                cutoff: preparation.cutoff,
                observer: observer,
                time: time
            )
            (summary, summary.onDownedNodes) = await count.beside(stopSignal: stopSignal) {
                await purge(preparation, gates: &gates, started: started)
            }
            await countSkipped(&summary, preparation.cutoff)
            summary.clockSkew = preparation.clockSkew
            summary.clockAhead = preparation.clockAhead
        } catch {
            summary = RunSummary()
            summary.stopReason =
                (error as? ImplausibleNodes).map { .nodesImplausible($0.description) }
                ?? .storeFailed(String(describing: error))
        }
        await seal(&summary)
        return finished(summary, started)
    }

    /// A run whose log could not be sealed is no complete one.
    private func seal(_ summary: inout RunSummary) async {
        do {
            summary.auditHead = try await journal?.seal()
        } catch {
            if !summary.stopReason.isError { summary.stopReason = .auditFailed(String(describing: error)) }
        }
    }

    private func finished(_ summary: RunSummary, _ started: ContinuousClock.Instant) -> RunSummary {
        var summary = summary
        summary.duration = time.now - started
        summary.shard = options.shard
        observer.observe(.finished(summary))
        return summary
    }

    private func purge(
        _ preparation: RunPreparation,
        gates: inout [ServiceURL: NodeGate],
        started: ContinuousClock.Instant
    ) async -> RunSummary {
        let firstKey: BacklogKey?
        var random = SeededGenerator(seed: seed())
        do {
            firstKey = try await randomStart(cutoff: preparation.cutoff, using: &random)
        } catch {
            var summary = RunSummary()
            summary.stopReason = .storeFailed(String(describing: error))
            return summary
        }
        var paced = options
        let wall = time.wallTime.rawValue % 60_000
        paced.dispatcher.gate.minuteBegan = time.now - .milliseconds(wall)
        var engine = PurgeEngine(
            options: paced,
            policy: policy,
            cutoff: preparation.cutoff,
            directory: preparation.directory,
            start: firstKey,
            gates: gates,
            isAudited: journal != nil,
            seed: random.next(),
            observer: observer,
            now: time.now
        )
        var knowsTime = preparation.knowsTime
        await withTaskGroup(of: Arrival.self) { group in
            group.addTask {
                await stopSignal.wait()
                return .event(.stopRequested)
            }
            if let maxRuntime = options.maxRuntime {
                group.addTask {
                    await time.sleep(until: started + maxRuntime)
                    return .event(.timeIsUp)
                }
            }
            if pauses != nil || board != nil {
                look(at: &engine, await pauses?.orders(at: time.wallTime))
                tick(in: &group)
            }
            while true {
                for effect in engine.nextEffects(at: time.now) {
                    start(effect, reader: preparation.reader, in: &group)
                }
                guard !engine.isFinished, let arrival = await group.next() else { break }
                switch arrival {
                case .event(.stopRequested), .event(.timeIsUp):
                    guard case .event(let end) = arrival else { break }
                    engine.handle(end, at: time.now)
                    let deadline = time.now + options.stopPatience
                    group.addTask {
                        await time.sleep(until: deadline)
                        return .patienceEnded
                    }
                case .event(let event):
                    if case .answered(let ticket, let answer) = event, !knowsTime {
                        knowsTime = check(answer, ticket, against: preparation, &engine)
                    }
                    engine.handle(event, at: time.now)
                case .woke: break
                case .ticked(let orders):
                    look(at: &engine, orders)
                    tick(in: &group)
                case .patienceEnded: group.cancelAll()
                }
            }
            group.cancelAll()
        }
        // What a run of less than a second learnt of the nodes is to be known as well.
        board?.publish(engine.status(at: time.now), at: time.now)
        let stopReason = engine.result.stopReason
        board?.clear(
            sawAll: stopReason.coversAll && options.shard == nil,
            secretWasRefused: stopReason == .secretRefused || stopReason == .secretUnproven
        )
        gates = engine.gates
        return engine.result
    }
}
