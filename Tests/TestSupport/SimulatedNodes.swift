package import Purging
package import Synchronization
package import SyncTokens

/// Storage nodes that answer as a test wants them to, in simulated time, and remember what they were asked.
package final class SimulatedNodes: StorageNodeClient {
    /// What the nodes' clocks say, in seconds since 1970; nil where they don't tell.
    package let clock = Mutex<(@Sendable (ServiceURL) -> Double?)?>(nil)

    package func time(of target: ServiceURL) async -> Double? { clock.withLock { $0 }?(target) }

    /// What a node does about a request.
    package struct Reply: Sendable {
        package var answer: NodeAnswer
        package var latency: Duration
        /// Whether the data is deleted, whatever the answer says.
        package var deletesData: Bool

        package init(_ verdict: NodeAnswer.Verdict, after latency: Duration = .milliseconds(20)) {
            answer = NodeAnswer(verdict, elapsed: latency)
            self.latency = latency
            if case .confirmed = verdict { deletesData = true } else { deletesData = false }
        }

        package static let good = Reply(.confirmed(lastModified: 1))

        /// Data may be gone although the answer doesn't say so.
        package func deletingData() -> Reply {
            var reply = self
            reply.deletesData = true
            return reply
        }

        package func asking(quiet: Duration? = nil, retryAfter: Duration? = nil) -> Reply {
            var reply = self
            reply.answer.quiet = quiet
            reply.answer.retryAfter = retryAfter
            return reply
        }
    }

    /// A request, and what became of it.
    package struct Exchange: Sendable {
        package let request: DeleteRequest
        package let sentAt: ContinuousClock.Instant
        /// How many requests its node had in flight, this one included.
        package let inFlight: Int
        /// Nil while it is in flight.
        package var verdict: NodeAnswer.Verdict?
        package var deletedData = false
        package var answeredAt: ContinuousClock.Instant?
    }

    /// - Parameter attempt: how often this record was asked for before, under any key.
    package typealias Script = @Sendable (_ request: DeleteRequest, _ attempt: Int) -> Reply

    private struct State {
        var scripts: [String: Script] = [:]
        var exchanges: [Exchange] = []
        var attempts: [UID: Int] = [:]
        var inFlight: [String: Int] = [:]
        var onSend: @Sendable (DeleteRequest) -> Void = { _ in }
    }

    private let time: any TimeSource
    private let state = Mutex(State())

    /// Nodes confirm everything unless they are told otherwise.
    package init(time: any TimeSource) { self.time = time }

    package func node(_ url: String, answers script: @escaping Script) {
        state.withLock { $0.scripts[url] = script }
    }

    /// Called when a request leaves, before anything else.
    package func onSend(_ body: @escaping @Sendable (DeleteRequest) -> Void) {
        state.withLock { $0.onSend = body }
    }

    package var exchanges: [Exchange] { state.withLock(\.exchanges) }

    /// The uids asked for, in the order of the requests.
    package var uidsAsked: [UID] { exchanges.map(\.request.uid) }

    package func exchanges(of uid: UID) -> [Exchange] { exchanges.filter { $0.request.uid == uid } }

    /// A request that is given up because its task is cancelled is answered as abandoned, at once.
    package func delete(_ request: DeleteRequest) async -> NodeAnswer {
        state.withLock(\.onSend)(request)
        let node = request.target.text
        let (index, reply) = state.withLock { state in
            let attempt = state.attempts[request.uid] ?? 0
            state.attempts[request.uid] = attempt + 1
            state.inFlight[node, default: 0] += 1
            state.exchanges.append(
                Exchange(request: request, sentAt: time.now, inFlight: state.inFlight[node] ?? 0)
            )
            return (state.exchanges.count - 1, state.scripts[node]?(request, attempt) ?? .good)
        }
        await time.sleep(until: time.now + reply.latency)
        let answer = Task.isCancelled ? NodeAnswer(.abandoned, elapsed: reply.latency) : reply.answer
        state.withLock { state in
            state.inFlight[node, default: 0] -= 1
            state.exchanges[index].verdict = answer.verdict
            state.exchanges[index].deletedData = reply.deletesData
            state.exchanges[index].answeredAt = time.now
        }
        return answer
    }
}
