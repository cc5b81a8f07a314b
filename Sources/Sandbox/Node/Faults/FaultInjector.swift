import Purging
import Synchronization

/// Decides which fault a request meets. Safe to use from any thread.
final class FaultInjector: Sendable {
    struct Decision {
        var fault: Fault?
        var delay: Duration = .zero
    }

    private struct State {
        var plan: FaultPlan
        var generator: SeededGenerator
        var met: [Int]
        var allowances: [RateAllowance?]
        /// When each worker is free again.
        var freeAt: [ContinuousClock.Instant]

        init(_ plan: FaultPlan) {
            self.plan = plan
            generator = SeededGenerator(seed: plan.seed)
            met = Array(repeating: 0, count: plan.faults.count)
            allowances = plan.faults.map { $0.capacityPerSecond.map(RateAllowance.init) }
            freeAt = Array(repeating: .now, count: plan.workers ?? 0)
        }

        /// How long a request takes, the wait for a worker included.
        mutating func delay(_ fault: Fault?, now: ContinuousClock.Instant) -> Duration {
            let latency = (fault?.latency ?? plan.latency)?.draw(using: &generator) ?? .zero
            let isWork = fault.map { $0.effect == .asUsual } ?? true
            guard isWork, let first = freeAt.indices.min(by: { freeAt[$0] < freeAt[$1] }) else { return latency }
            freeAt[first] = max(freeAt[first], now) + latency
            return freeAt[first] - now
        }

        mutating func meets(_ index: Int, uid: Int64?, inFlight: Int, now: ContinuousClock.Instant) -> Bool {
            let fault = plan.faults[index]
            if let uids = fault.uids {
                guard let uid, uids.contains(uid) else { return false }
            }
            if let limit = fault.aboveConcurrent, inFlight <= limit { return false }
            if let times = fault.times, met[index] >= times { return false }
            if fault.probability < 1, Double.random(in: 0..<1, using: &generator) >= fault.probability { return false }
            if allowances[index]?.take(at: now) == true { return false }
            met[index] += 1
            return true
        }
    }

    private let state: Mutex<State>

    init(_ plan: FaultPlan) {
        state = Mutex(State(plan))
    }

    /// Setting a plan starts it afresh: its seed, its counts and its rates.
    var plan: FaultPlan {
        get { state.withLock { $0.plan } }
        set { state.withLock { $0 = State(newValue) } }
    }

    func decide(uid: Int64?, inFlight: Int, now: ContinuousClock.Instant) -> Decision {
        state.withLock { state in
            let met = state.plan.faults.indices.first { index in
                state.meets(index, uid: uid, inFlight: inFlight, now: now)
            }
            let fault = met.map { state.plan.faults[$0] }
            return Decision(fault: fault, delay: state.delay(fault, now: now))
        }
    }
}
