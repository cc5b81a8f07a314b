import NIOCore
import Synchronization

extension Dialler {
    /// One attempt to make a connection. Its first outcome counts; a connection that comes later is closed.
    final class Attempt: Sendable {
        typealias Outcome = Result<NodeConnection, TransportFailure>

        /// A channel to one of the addresses; the first that is connected is chosen.
        struct Candidate: Sendable {
            let whenReady: EventLoopFuture<Void>
            let connection: NodeConnection
        }

        private struct State {
            var candidates: [ObjectIdentifier: Candidate] = [:]
            var channel: (any Channel)?
            var missing: String? = "no address for the host's name"
            var isOver = false
        }

        private let promise: EventLoopPromise<Outcome>
        private let state = Mutex(State())

        init(_ loop: any EventLoop) { promise = loop.makePromise(of: Outcome.self) }

        /// What it waits for; nil for the connection itself.
        var missing: String? {
            get { state.withLock { $0.missing } }
            set { state.withLock { $0.missing = newValue } }
        }

        func result() async -> Outcome {
            do {
                return try await promise.futureResult.get()
            } catch {
                return .failure(TransportFailure(dialling: error))
            }
        }

        func add(_ candidate: Candidate, for channel: any Channel) {
            state.withLock { $0.candidates[ObjectIdentifier(channel)] = candidate }
        }

        /// The channel is connected, and is closed if nothing comes of it.
        func choose(_ channel: any Channel) -> Candidate? {
            let (candidate, isOver) = state.withLock { state in
                state.channel = channel
                defer { state.candidates = [:] }
                return (state.candidates[ObjectIdentifier(channel)], state.isOver)
            }
            if isOver { channel.close(promise: nil) }
            return candidate
        }

        func succeed(_ connection: NodeConnection) {
            if end() { promise.succeed(.success(connection)) } else { connection.close() }
        }

        func fail(_ failure: TransportFailure) {
            guard end() else { return }
            promise.succeed(.failure(failure))
            state.withLock { $0.channel }?.close(promise: nil)
        }

        /// False if it was over.
        private func end() -> Bool {
            state.withLock { state in
                defer { state.isOver = true }
                return !state.isOver
            }
        }
    }
}
