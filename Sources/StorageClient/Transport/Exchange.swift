import NIOCore
import NIOHTTP1
import Purging
import Synchronization

/// Who has an exchange at present: a line of those that wait for a connection, or a connection.
protocol ExchangeHolder: Sendable {
    /// It was given up.
    func letGo(of exchange: Exchange)
}

/// One request on its way, from being handed over to its outcome. The first outcome counts, and later ones are nothing.
final class Exchange: Sendable {
    typealias Outcome = Result<ReceivedHead, TransportFailure>

    /// How far it is.
    private enum Phase {
        /// Nothing was written; it waits for a connection.
        case waiting
        /// It was written to a connection, or is about to be.
        case sent
        /// The answer's head is there, and its body is read.
        case answered(ReceivedHead)
        case over(Outcome)
    }

    private struct State {
        var phase = Phase.waiting
        var caller: CheckedContinuation<Outcome, Never>?
        var timers: [Scheduled<Void>] = []
        var holder: (any ExchangeHolder)?
    }

    let head: HTTPRequestHead
    /// For getting a connection.
    let connectLimit: Duration
    let connectBy: NIODeadline
    /// The request must not be written after this moment; nil for no such limit.
    private let notAfter: ContinuousClock.Instant?
    private let time: any TimeSource
    /// For everything, from the start to the end of the answer.
    private let limit: Duration
    /// When that is over.
    let deadline: NIODeadline
    private let state = Mutex(State())

    init(
        _ head: HTTPRequestHead,
        notAfter: ContinuousClock.Instant?,
        limit: Duration,
        connectLimit: Duration,
        time: any TimeSource
    ) {
        self.head = head
        self.connectLimit = connectLimit
        let now = NIODeadline.now()
        connectBy = now + TimeAmount(connectLimit)
        deadline = now + TimeAmount(limit)
        self.notAfter = notAfter
        self.limit = limit
        self.time = time
    }

    /// Whether it waits for a connection.
    var isWaiting: Bool {
        state.withLock {
            if case .waiting = $0.phase { true } else { false }
        }
    }

    /// Waits for the outcome; when the calling task is cancelled, the exchange is abandoned.
    ///
    /// - Parameter begin: hands the exchange to whoever carries it out, and watches over its time.
    func outcome(begin: @Sendable () -> Void) async -> Outcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                let early: Outcome? = state.withLock { state in
                    if case .over(let outcome) = state.phase { return outcome }
                    state.caller = caller
                    return nil
                }
                if let early {
                    caller.resume(returning: early)
                } else {
                    begin()
                }
            }
        } onCancel: {
            abandon()
        }
    }

    /// A timer that is of no use once the exchange is over.
    func keep(_ timer: Scheduled<Void>) {
        let isOver = state.withLock { state in
            if case .over = state.phase { return true }
            state.timers.append(timer)
            return false
        }
        if isOver { timer.cancel() }
    }

    /// From now on this one lets go of it when it is given up; at once if that has happened.
    func isHeld(by holder: any ExchangeHolder) {
        let isOver = state.withLock { state in
            if case .over = state.phase { return true }
            state.holder = holder
            return false
        }
        if isOver { holder.letGo(of: self) }
    }

    /// Whether a connection that is about to write the request may do so.
    enum Admission {
        case send
        /// The moment has passed (law 3).
        case tooLate
        /// It was given up.
        case over
    }

    func admission() -> Admission {
        if let notAfter, time.now > notAfter { return .tooLate }
        return state.withLock { state in
            guard case .waiting = state.phase else { return .over }
            state.phase = .sent
            return .send
        }
    }

    /// The head is there and says all that counts: from now on, nothing can turn it into a failure.
    func received(_ head: ReceivedHead) {
        state.withLock { state in
            if case .sent = state.phase { state.phase = .answered(head) }
        }
    }

    /// Ends it.
    func finish(_ outcome: Outcome) { end { _ in outcome } }

    /// Ends it from outside, because its time is up, and has whoever holds it let go.
    func timeOut() {
        end { phase in
            if case .waiting = phase { .failure(.noConnection(within: limit)) } else { .failure(.timedOut) }
        }?.holder?.letGo(of: self)
    }

    /// Ends it from outside, because we stop.
    func abandon() {
        end { _ in .failure(.abandoned) }?.holder?.letGo(of: self)
    }

    /// The state before the end; nil if it was over.
    @discardableResult
    private func end(_ outcome: (Phase) -> Outcome) -> State? {
        let ended: (State, Outcome)? = state.withLock { state in
            let result: Outcome
            switch state.phase {
            case .over: return nil
            case .answered(let head): result = .success(head)
            case .waiting, .sent: result = outcome(state.phase)
            }
            let before = state
            state = State(phase: .over(result))
            return (before, result)
        }
        guard let (before, result) = ended else { return nil }
        before.timers.forEach { $0.cancel() }
        before.caller?.resume(returning: result)
        return before
    }
}
