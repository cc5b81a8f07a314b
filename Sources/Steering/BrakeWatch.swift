package import Purging
import Synchronization

/// Something outside that a run gives way to: a database's load, a replica, what an operator asks with a query or a URL.
package protocol Brake: Sendable {
    /// As messages name it, with what it is given.
    var name: String { get }

    /// Asks once. May take long, as it runs beside the run; what it throws counts as a reason to wait.
    func ask() async throws -> BrakeReading
}

/// What a brake found.
package enum BrakeReading: Sendable, Equatable {
    case free
    case busy(String)
    /// So busy that the run must end.
    case critical(String)
}

/// Asks all brakes once a second, beside the run.
///
/// One that finds something to be busy is on at once, and off after ``calmReadings`` free readings in a row, so that a load that
/// the purge itself makes doesn't have it flap. One that can't be asked, or hasn't answered for ``patience``, is on.
package final class BrakeWatch: Sendable {
    package static let interval = Duration.seconds(1)
    package static let calmReadings = 3
    package static let patience = Duration.seconds(5)

    private struct State: Sendable {
        var found: String? = "it has not been asked yet"
        var emergency: String?
        var calm = BrakeWatch.calmReadings
        /// Whether there was a reading, or an error, since the start.
        var hasAnswered = false
        /// Why it can never work.
        var broken: BrakeError?
        var answeredAt: ContinuousClock.Instant
    }

    private let brakes: [any Brake]
    private let time: any TimeSource
    private let states: Mutex<[State]>
    private let isRunning = Atomic(false)

    package init(_ brakes: [any Brake], time: any TimeSource) {
        self.brakes = brakes
        self.time = time
        states = Mutex(brakes.map { _ in State(answeredAt: time.now) })
    }

    /// Asks until its task is cancelled.
    package func run() async {
        isRunning.store(true, ordering: .relaxed)
        await withTaskGroup(of: Void.self) { group in
            for index in brakes.indices {
                group.addTask {
                    while !Task.isCancelled {
                        await self.ask(index)
                        await self.time.sleep(until: self.time.now + Self.interval)
                    }
                }
            }
        }
    }

    /// Asks each of them once, one after the other.
    package func askAll() async {
        isRunning.store(true, ordering: .relaxed)
        for index in brakes.indices { await ask(index) }
    }

    /// Waits for each one's first answer, beside ``run()``, but not for longer than ``patience`` or a stop: what is set up
    /// wrongly shows at once.
    ///
    /// - Throws: ``BrakeError`` of the first that can never work.
    package func firstReadings(_ stopSignal: StopSignal) async throws {
        let deadline = time.now + Self.patience
        while time.now < deadline, !stopSignal.isRequested {
            let states = states.withLock { $0 }
            if let broken = states.lazy.compactMap(\.broken).first { throw broken }
            if states.allSatisfy(\.hasAnswered) { return }
            await time.sleep(until: time.now + .milliseconds(20))
        }
    }

    private func ask(_ index: Int) async {
        do {
            note(try await brakes[index].ask(), index)
        } catch {
            if let broken = error as? BrakeError { states.withLock { $0[index].broken = broken } }
            note(.busy("it can't be asked: \(error)"), index)
        }
    }

    private func note(_ reading: BrakeReading, _ index: Int) {
        let now = time.now
        states.withLock { states in
            states[index].answeredAt = now
            states[index].hasAnswered = true
            states[index].emergency = nil
            switch reading {
            case .free:
                states[index].calm += 1
                if states[index].calm >= Self.calmReadings { states[index].found = nil }
            case .busy(let what):
                states[index].calm = 0
                states[index].found = what
            case .critical(let what):
                states[index].calm = 0
                states[index].found = what
                states[index].emergency = what
            }
        }
    }

    /// The first brake that is on, and what it found; nil before anybody asks them.
    package var reason: PauseReason? {
        if !isRunning.load(ordering: .relaxed) { return nil }
        let (states, now) = (states.withLock { $0 }, time.now)
        for (brake, state) in zip(brakes, states) {
            if now - state.answeredAt > Self.patience {
                return .throttled(
                    by: brake.name,
                    found: "it has not answered for \((now - state.answeredAt).components.seconds) s"
                )
            }
            if let found = state.found { return .throttled(by: brake.name, found: found) }
        }
        return nil
    }

    /// Why the run must end; nil if it need not.
    package var emergency: String? {
        let states = states.withLock { $0 }
        return zip(brakes, states).lazy.compactMap { brake, state in state.emergency.map { "\(brake.name): \($0)" } }
            .first
    }
}

/// A brake is set up so that it can never work.
package struct BrakeError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
