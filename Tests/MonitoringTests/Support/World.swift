import Monitoring
import Purging
import Synchronization
import TestSupport

/// A monitor of a program that is told what to say.
struct World {
    let time = ManualTime()
    let board = StatusBoard()
    let stopSignal = StopSignal()
    let probe = TestProbe()
    let ledger: RunLedger
    let monitor: Monitor

    init(ageObjective: Duration? = nil, isDryRun: Bool = false) {
        ledger = RunLedger(isRehearsal: isDryRun, time: time)
        monitor = Monitor(
            program: MonitorState.Program(
                version: "1.2.3",
                database: "SQLite /var/lib/<tokenserver>.db",
                startedAt: time.wallTime,
                isDryRun: isDryRun,
                isOneshot: false,
                shard: "",
                ageObjective: ageObjective
            ),
            board: board,
            ledger: ledger,
            probe: probe,
            scope: { BacklogScope(cutoff: $0) },
            stopSignal: stopSignal,
            time: time
        )
    }

    /// Lets the monitor watch for so many seconds, with `body` in each of them.
    func watch(seconds: Int, each body: @Sendable @escaping (Int) -> Void = { _ in }) async {
        let monitor = monitor
        let watching = Task { await monitor.run() }
        for second in 0..<seconds {
            // Both of its loops have come to rest.
            while time.sleeperCount < 2 { await Task.yield() }
            body(second)
            time.advance(by: .seconds(1))
        }
        while time.sleeperCount < 2 { await Task.yield() }
        watching.cancel()
        _ = time.advanceToNextSleeper()
        await watching.value
    }
}

/// A database that answers as it is told to.
final class TestProbe: BacklogProbe {
    struct Trouble: Error, CustomStringConvertible { let description = "it is on fire" }

    private let answer = Mutex<Result<BacklogAge, Trouble>>(.success(.empty))

    func answers(_ age: BacklogAge) { answer.withLock { $0 = .success(age) } }

    func fails() { answer.withLock { $0 = .failure(Trouble()) } }

    func age(scope: BacklogScope) async throws -> BacklogAge { try answer.withLock { $0 }.get() }
}

extension NodeStatus {
    static func named(_ url: String, _ state: State = .healthy, limit: Int = 8, inFlight: Int = 3) -> Self {
        Self(url: url, state: state, limit: limit, inFlight: inFlight, waiting: 20, latency: 0.0125)
    }
}
