import SyncTokens

/// Carries out what the engine asks for, each effect in a child task, and looks at what nodes say of the time.
extension PurgeRun {
    func start(
        _ effect: PurgeEngine.Effect,
        reader: BacklogReader,
        in group: inout TaskGroup<Arrival>
    ) {
        switch effect {
        case .send(let dispatch):
            group.addTask { .event(.answered(ticket: dispatch.ticket, await client.delete(dispatch.request))) }
        case .read(let query):
            group.addTask { .event(.read(await result { try await reader.page(query) })) }
        case .reread(let uids, let scope):
            group.addTask { .event(.reread(await result { try await reader.reread(uids, scope: scope) })) }
        case .settle(let batch, let cutoff):
            group.addTask {
                let written = await result { try await store.settle(batch.map(\.settlement), cutoff: cutoff) }
                return .event(.settled(batch, written))
            }
        case .audit(let batch):
            group.addTask {
                .event(
                    .audited(
                        await result { try await journal?.append(batch.entries, isDurable: batch.isDurable) ?? () }
                    )
                )
            }
        case .wake(let moment):
            group.addTask {
                await time.sleep(until: moment)
                return .woke
            }
        }
    }

    /// A node that told no time when it was asked tells it with its answers.
    ///
    /// - Returns: whether the time is known now.
    func check(
        _ answer: NodeAnswer,
        _ ticket: Int,
        against preparation: RunPreparation,
        _ engine: inout PurgeEngine
    ) -> Bool {
        guard let seconds = answer.nodeTime else { return false }
        let ahead = time.wallTime.since(Timestamp(Int64(seconds * 1000)))
        if ahead - preparation.lag > ClockWitness.tolerance {
            engine.handle(.clockContradicted(ticket: ticket, ahead: ahead), at: time.now)
        } else if ahead <= ClockWitness.tolerance {
            witness.noteAgreement()
        }
        return true
    }

    /// Once a second: whether it may send, and what it is doing.
    func look(at engine: inout PurgeEngine, _ orders: SendOrders?) {
        if let orders {
            if let emergency = orders.emergency { engine.handle(.loadCritical(emergency), at: time.now) }
            engine.handle(.limited(maxRate: orders.maxRate, share: orders.share), at: time.now)
            engine.handle(.paused(orders.pause), at: time.now)
        }
        let status = engine.status(at: time.now)
        board?.publish(status, at: time.now)
        if !status.waits.isEmpty { observer.observe(.waiting(status.waits)) }
        let (summary, isOpen) = (status.summary, status.pause == nil && !status.isStopping)
        if isOpen {
            observer.observe(
                .progressed(done: summary.deletedTotal, held: summary.heldTotal, failed: summary.failedTotal)
            )
        }
    }

    func tick(in group: inout TaskGroup<Arrival>) {
        _ = group.addTaskUnlessCancelled {
            await time.sleep(until: time.now + .seconds(1))
            return .ticked(await pauses?.orders(at: time.wallTime))
        }
    }

    /// `--max-offset`: a random place in the backlog, or its beginning where the backlog is shorter.
    func randomStart(
        cutoff: Timestamp,
        using random: inout SeededGenerator
    ) async throws -> BacklogKey? {
        let offset = options.maxOffset > 0 ? Int.random(in: 0...options.maxOffset, using: &random) : 0
        if offset == 0 { return nil }
        return try await store.key(atOffset: offset - 1, scope: options.scope(cutoff: cutoff))
    }
}

private func result<Success: Sendable>(
    _ body: @Sendable () async throws -> Success
) async -> Result<Success, any Error> {
    do {
        return .success(try await body())
    } catch {
        return .failure(error)
    }
}
