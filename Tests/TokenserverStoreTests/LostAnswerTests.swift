import Foundation
import Purging
import Sandbox
import Synchronization
import TestDatabases
import Testing
import TokenserverStore

/// A connection that is lost while a batch is committed, with the batch written or not.
@Suite("When the answer to COMMIT is lost")
struct LostAnswerTests {
    enum Loss: CaseIterable {
        /// The batch is written.
        case answer
        /// The batch is not written.
        case request
    }

    @Test(
        "the batch is settled once: slots are freed once, and what it did counts as done",
        arguments: TestDatabase.Kind.allCases,
        Loss.allCases
    )
    func settledOnce(_ kind: TestDatabase.Kind, _ loss: Loss) async throws {
        try await TestDatabase.with(kind) { database in
            try await database.tokenserver.insert([.live(1)])
            try await database.tokenserver.insert([
                .obsolete(1, replacedAt: 5), .obsolete(2, replacedAt: 6), .obsolete(3, replacedAt: 7, node: 9),
                .obsolete(4, replacedAt: 8), .active(5),
            ])
            let forgetting = Forgetting(loss)
            let connector = forgetting.connector(try database.connector)
            let store = try await TokenserverStore.open(connector, tracksSlots: true)
            forgetting.forgetCommit()
            let results = try await store.settle(
                [.delete(1), .delete(2), .deleteNodeless(3, node: 9), .postpone(4, from: 8), .delete(5)],
                cutoff: Timestamp(1000)
            )
            #expect(results == [.done, .done, .done, .done, .changed])
            #expect(forgetting.forgotten == 1)
            #expect(try await database.tokenserver.records().map(\.uid) == [4, 5])
            let node = try #require(try await database.tokenserver.nodes().first)
            #expect((node.available, node.currentLoad) == (102, 98))
        }
    }

    @Test("the parts of a halved batch that were written before count as done", arguments: TestDatabase.Kind.allCases)
    func halves(_ kind: TestDatabase.Kind) async throws {
        try await TestDatabase.with(kind) { database in
            try await database.tokenserver.insert([.live(1)])
            try await database.tokenserver.insert((1...8).map { .obsolete($0, replacedAt: $0) })
            try await database.refuseDeletions("not this one", ofUIDs: [8])
            let forgetting = Forgetting(.request)
            let connector = forgetting.connector(try database.connector)
            let resilience = Resilience(patience: .zero)
            let store = try await TokenserverStore.open(connector, tracksSlots: true, resilience: resilience)
            // The first is that of the records 1 to 4.
            forgetting.forgetCommit(2, isForGood: true)
            let batch = (Int64(1)...8).map { Settlement.delete($0) }
            let results = try await store.settle(batch, cutoff: Timestamp(1000))
            let lost = SettlementResult.unknown("the connection was lost")
            #expect(results == [.done, .done, .done, .done, lost, lost, .untried, .untried])
            #expect(try await database.tokenserver.records().map(\.uid) == [5, 6, 7, 8])
            // All of the next one is lost, which is an error.
            await #expect(throws: StoreError.self) { try await store.settle(batch, cutoff: Timestamp(1000)) }
        }
    }
}

/// Loses the connection at a COMMIT, when told to.
private final class Forgetting: Sendable {
    private let loss: LostAnswerTests.Loss
    private let state = Mutex((countdown: 0, isForGood: false, forgotten: 0))

    init(_ loss: LostAnswerTests.Loss) { self.loss = loss }

    var forgotten: Int { state.withLock { $0.forgotten } }

    /// - Parameter number: which one, counted from 1.
    func forgetCommit(_ number: Int = 1, isForGood: Bool = false) {
        state.withLock { $0 = (number, isForGood, $0.forgotten) }
    }

    func connector(_ connector: any SQLConnector) -> any SQLConnector {
        WrappingConnector(connector) { [self] in
            if state.withLock({ $0.isForGood && $0.countdown == 0 }) {
                throw SQLError.unreachable("the server is gone")
            }
        } wrap: {
            Session(session: $0, forgetting: self)
        }
    }

    private struct Session: ForwardingSession {
        let session: any SQLSession
        let forgetting: Forgetting

        func execute(_ statement: SQLStatement) throws -> Int {
            let isLost = forgetting.state.withLock { state in
                guard state.countdown > 0, statement.text(for: dialect) == "COMMIT" else { return false }
                state.countdown -= 1
                if state.countdown == 0 { state.forgotten += 1 }
                return state.countdown == 0
            }
            if !isLost { return try session.execute(statement) }
            // With the connection an open transaction ends.
            _ = try session.execute(forgetting.loss == .answer ? "COMMIT" : "ROLLBACK")
            throw SQLError.unreachable("the connection was lost")
        }
    }
}
