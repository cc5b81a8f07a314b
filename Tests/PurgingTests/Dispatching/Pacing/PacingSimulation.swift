import HeapModule
@testable import Purging
import SyncTokens
import TestSupport
import Testing

/// A dispatcher with work without end for each of some nodes, in simulated time.
struct PacingSimulation {
    private struct Arrival: Comparable {
        let moment: Double
        let ticket: Int
        let started: Double
        let verdict: NodeAnswer.Verdict

        static func < (one: Self, other: Self) -> Bool { (one.moment, one.ticket) < (other.moment, other.ticket) }
        static func == (one: Self, other: Self) -> Bool { (one.moment, one.ticket) == (other.moment, other.ticket) }
    }

    private let start = ContinuousClock.now
    private(set) var nodes: [QueueingNode]
    private(set) var dispatcher: NodeDispatcher
    private var random: SeededGenerator
    private var arrivals: Heap<Arrival> = []
    private var targets: [String: Int] = [:]
    private var targetOf: [ServiceURL] = []
    private var lastUID: Int64 = 0
    private(set) var seconds = 0.0
    private(set) var failed: [UID: FailureReason] = [:]
    private(set) var changes: [(seconds: Double, node: Int, NodeGate.Change)] = []
    /// The limit of the first node's gate, from second to second.
    private(set) var limits: [Int] = []

    init(_ nodes: [QueueingNode], ceiling: Int, seed: UInt64) throws {
        self.nodes = nodes
        random = SeededGenerator(seed: seed)
        var settings = NodeDispatcher.Settings()
        settings.gate.ceiling = ceiling
        settings.window = 1 << 20
        dispatcher = NodeDispatcher(settings: settings, seed: seed, now: start)
        targetOf = try nodes.indices.map { try ServiceURL(Node.url(Int64($0 + 1))) }
        for index in nodes.indices { targets[try ServiceURL(Node.url(Int64(index + 1))).storage] = index }
        for index in nodes.indices { try fill(index) }
    }

    /// Goes on until so many seconds after the start.
    mutating func run(until end: Double) throws {
        while true {
            for index in nodes.indices { try fill(index) }
            send()
            let wake = dispatcher.wakeTime(at: now).map { ($0 - start).inSeconds }
            let next = [arrivals.min?.moment, wake].compactMap { $0 }.min() ?? end
            while Double(limits.count) < min(next, end) { limits.append(dispatcher.lanes.first?.gate.limit ?? 0) }
            if next >= end {
                seconds = end
                return
            }
            seconds = max(next, seconds + 1e-6)
            while let arrival = arrivals.min, arrival.moment <= seconds {
                arrivals.removeMin()
                take(arrival)
            }
        }
    }

    private var now: ContinuousClock.Instant { start + .seconds(seconds) }

    private mutating func send() {
        while true {
            let (send, reread) = dispatcher.next(at: now)
            for dispatch in send {
                let node = targets[dispatch.request.target.storage] ?? 0
                let (moment, verdict) = nodes[node].request(
                    uid: dispatch.request.uid.rawValue,
                    at: seconds,
                    using: &random
                )
                arrivals.insert(Arrival(moment: moment, ticket: dispatch.ticket, started: seconds, verdict: verdict))
            }
            for job in reread {
                var job = job
                job.readAt = now
                dispatcher.rereadKept(job, from: job.deletion.target)
            }
            if reread.isEmpty { return }
        }
    }

    private mutating func take(_ arrival: Arrival) {
        let answer = NodeAnswer(arrival.verdict, elapsed: .seconds(arrival.moment - arrival.started))
        guard let answered = dispatcher.answered(arrival.ticket, with: answer, at: now) else { return }
        if case .failed(let job, let reason) = answered.resolution { failed[job.uid] = reason }
        if let change = answered.change { changes.append((seconds, targets[answered.target.storage] ?? 0, change)) }
    }

    /// Keeps a lane supplied.
    private mutating func fill(_ index: Int) throws {
        let target = targetOf[index]
        if dispatcher.isLeftForRun(target) { return }
        while !dispatcher.isFull(target) {
            lastUID += 1
            dispatcher.enqueue(try .of(lastUID, node: Int64(index + 1), readAt: now))
        }
    }
}
