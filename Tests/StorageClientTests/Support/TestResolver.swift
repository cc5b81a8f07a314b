import NIOCore
import StorageClient
import Synchronization

/// A name service that says what a test wants, and counts how often it was asked.
final class TestResolver: NameResolver {
    typealias Answer = Result<[String], NameUnknown>

    private struct State {
        var asked = 0
        var answer: @Sendable (Int) async -> Answer
    }

    private let state: Mutex<State>

    /// - Parameter answer: gets the number of the question, counted from 0.
    init(_ answer: @escaping @Sendable (Int) async -> Answer) { state = Mutex(State(answer: answer)) }

    convenience init(_ addresses: String...) { self.init { _ in .success(addresses) } }

    var asked: Int { state.withLock { $0.asked } }

    func say(_ answer: Answer) { state.withLock { $0.answer = { _ in answer } } }

    func addresses(of host: String, port: Int) async throws -> [SocketAddress] {
        let (number, answer) = state.withLock { state in
            state.asked += 1
            return (state.asked - 1, state.answer)
        }
        return try await answer(number).get().map { try SocketAddress(ipAddress: $0, port: port) }
    }

    /// Waits until so many further questions were asked.
    func waitForQuestions(_ count: Int) async {
        let wanted = asked + count
        while asked < wanted { await Task.yield() }
    }
}
