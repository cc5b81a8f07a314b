import Purging
import Synchronization
import SyncTokens
import TestSupport
import Testing

@Suite("The service")
struct PurgeServiceTests {
    private let simulation = Simulation()
    private let stopSignal = StopSignal()

    private final class Runs: Sendable {
        private let starts = Mutex<[ContinuousClock.Instant]>([])

        var moments: [ContinuousClock.Instant] { starts.withLock { $0 } }

        /// - Returns: how many runs there were before.
        func note(_ moment: ContinuousClock.Instant) -> Int {
            starts.withLock { starts in
                starts.append(moment)
                return starts.count - 1
            }
        }
    }

    /// Runs a service whose runs end at once, each with what `summary` says, until it ends or has run `most` times.
    private func serve(
        isOneshot: Bool = false,
        isStrict: Bool = false,
        most: Int = 20,
        summary: @escaping @Sendable (Int) -> RunSummary
    ) throws -> (code: Int32, starts: [ContinuousClock.Instant]) {
        let runs = Runs()
        let (time, stopSignal) = (simulation.time, stopSignal)
        let service = PurgeService(
            interval: .seconds(3600),
            isOneshot: isOneshot,
            isStrict: isStrict,
            time: time,
            stopSignal: stopSignal
        ) { _ in
            let number = runs.note(time.now)
            if number + 1 == most { stopSignal.request() }
            return summary(number)
        }
        let code = try simulation.run { await service.run() }
        return (code, runs.moments)
    }

    private static func summary(_ reason: StopReason, read: Int = 1) -> RunSummary {
        var summary = RunSummary()
        summary.stopReason = reason
        summary.read = read
        return summary
    }

    @Test("repeats runs with a pause of the interval, 30 % more or less at random")
    func pauses() throws {
        let (code, starts) = try serve(most: 60) { _ in Self.summary(.complete) }
        #expect(code == 0)
        let pauses = zip(starts, starts.dropFirst()).map { $1 - $0 }
        #expect(pauses.count == 59)
        #expect(pauses.allSatisfy { (.seconds(2520)...(.seconds(4680))).contains($0) })
        #expect((pauses.max() ?? .zero) - (pauses.min() ?? .zero) > .seconds(600))
    }

    @Test("does a single run when told to, and gives its exit code")
    func oneshot() throws {
        let (code, starts) = try serve(isOneshot: true) { _ in
            var summary = Self.summary(.complete)
            summary.failed = [.timeout: 1]
            return summary
        }
        #expect(code == 3)
        #expect(starts.count == 1)
    }

    @Test("ends when its first run could not start, and goes on when a later one could not")
    func firstRun() throws {
        #expect(try serve { _ in Self.summary(.storeFailed("x"), read: 0) }.code == 1)
        #expect(try serve { _ in Self.summary(.secretRefused) }.starts.count == 1)
        let later = try serve(most: 3) { $0 == 0 ? Self.summary(.complete) : Self.summary(.storeFailed("x"), read: 0) }
        #expect(later.starts.count == 3)
    }

    @Test("goes on after a first run that began and then failed")
    func failedRun() throws {
        #expect(try serve(most: 2) { _ in Self.summary(.storeFailed("x"), read: 5) }.starts.count == 2)
    }

    @Test("ends at once when told to stop during its pause")
    func stopInPause() throws {
        let (time, stopSignal) = (simulation.time, stopSignal)
        let service = PurgeService(
            interval: .seconds(3600),
            isOneshot: false,
            isStrict: false,
            time: time,
            stopSignal: stopSignal
        ) { _ in RunSummary() }
        let code = try simulation.run {
            await withTaskGroup(of: Int32?.self) { group in
                group.addTask { await service.run() }
                group.addTask {
                    await time.sleep(until: time.now + .seconds(100))
                    stopSignal.request()
                    return nil
                }
                var code: Int32?
                for await result in group {
                    code = result ?? code
                }
                return code
            }
        }
        #expect(code == 0)
        #expect(time.elapsed == .seconds(100))
    }

    @Test("hands what a run learnt about the nodes to the next one")
    func gates() throws {
        let target = try ServiceURL(Node.url(1))
        let (time, stopSignal) = (simulation.time, stopSignal)
        let counts = Runs()
        let service = PurgeService(
            interval: .seconds(1),
            isOneshot: false,
            isStrict: false,
            time: time,
            stopSignal: stopSignal
        ) { gates in
            if gates[target] != nil { stopSignal.request() }
            gates[target] = NodeGate(settings: .init())
            _ = counts.note(time.now)
            return RunSummary()
        }
        _ = try simulation.run { await service.run() }
        #expect(counts.moments.count == 2)
    }
}
