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
