import Foundation
import Purging
import TestSupport

/// A storage node as queueing theory sees it: some workers, a queue in front of them, and times of trouble.
struct QueueingNode {
    /// How long a request takes once a worker has it, in seconds.
    enum Work {
        case steady(Double)
        /// Half of the users have next to nothing stored.
        case exponential(Double)
        case twoKinds(Double, Double)
        /// Every so many requests, one takes a hundred times as long.
        case heavyTail(Double, every: Int)

        var mean: Double {
            switch self {
            case .steady(let mean), .exponential(let mean): mean
            case .twoKinds(let one, let other): (one + other) / 2
            case .heavyTail(let usual, let every): usual * (1 + 99 / Double(every))
            }
        }
    }

    /// Seconds since the start in which something is wrong.
    enum Trouble {
        /// Nothing goes on, and all that waits goes on afterwards.
        case stall(ClosedRange<Double>)
        /// No connection.
        case dead(ClosedRange<Double>)
        /// Requests are taken, and never answered.
        case hanging(ClosedRange<Double>)
        /// Each request takes so many times as long.
        case slow(ClosedRange<Double>, times: Double)
    }

    var workers: Int
    var work: Work
    /// More requests than these at once are answered with an error.
    var most = Int.max
    var troubles: [Trouble] = []
    /// Requests that fail for no reason, in a thousand.
    var failuresInAThousand = 0
    /// Records whose requests are never answered.
    var hopeless: Set<Int64> = []

    static let timeLimit = 60.0

    // What came of it.
    private(set) var good = 0
    /// Answered with an error because there were too many.
    private(set) var refused = 0
    /// When the last one was.
    private(set) var lastRefusal = 0.0
    private(set) var longestQueue = 0
    private(set) var mostAtOnce = 0
    private var queueSeconds = 0.0

    private var freeAt: [Double] = []
    private var ends: [Double] = []
    private var goodEnds: [Double] = []

    init(workers: Int, work: Work) {
        self.workers = workers
        self.work = work
        freeAt = Array(repeating: 0, count: workers)
    }

    /// Answers per second with every worker busy, and no trouble.
    var capacity: Double { Double(workers) / work.mean }

    /// Requests that waited for a worker, on average over the time so far.
    func meanQueue(after seconds: Double) -> Double { queueSeconds / seconds }

    /// Good answers between two moments.
    func goodAnswers(in range: Range<Double>) -> Int { goodEnds.count { range.contains($0) } }

    /// Takes a request at a moment: when its answer comes, and which one.
    mutating func request(uid: Int64, at now: Double, using random: inout SeededGenerator) -> (
        at: Double, NodeAnswer.Verdict
    ) {
        for trouble in troubles {
            switch trouble {
            case .dead(let time) where time.contains(now):
                return (now + 0.002, .unreachable(what: "refused", sent: false))
            case .hanging(let time) where time.contains(now): return (now + Self.timeLimit, .timedOut)
            default: break
            }
        }
        if hopeless.contains(uid) { return (now + Self.timeLimit, .timedOut) }
        ends.removeAll { $0 <= now }
        if ends.count >= most {
            refused += 1
            lastRefusal = now
            return (now + 0.002, .trouble(status: 500))
        }
        if random.chance(failuresInAThousand, in: 1000) { return (now + 0.01, .trouble(status: 500)) }
        let worker = freeAt.indices.min { freeAt[$0] < freeAt[$1] } ?? 0
        let begin = max(freeAt[worker], now)
        let end = finish(begin, working: duration(at: begin, using: &random))
        freeAt[worker] = end
        ends.append(end)
        queueSeconds += begin - now
        longestQueue = max(longestQueue, ends.count - workers)
        mostAtOnce = max(mostAtOnce, ends.count)
        if end - now > Self.timeLimit { return (now + Self.timeLimit, .timedOut) }
        good += 1
        goodEnds.append(end)
        return (end, .confirmed(lastModified: 0))
    }

    private func duration(at begin: Double, using random: inout SeededGenerator) -> Double {
        var duration =
            switch work {
            case .steady(let mean): mean
            case .exponential(let mean): -mean * log(1 - Double.random(in: 0..<1, using: &random))
            case .twoKinds(let one, let other): random.chance(1, in: 2) ? one : other
            case .heavyTail(let usual, let every): random.chance(1, in: every) ? usual * 100 : usual
            }
        for case .slow(let time, let times) in troubles where time.contains(begin) { duration *= times }
        return duration
    }

    /// When work that begins at a moment is done; none is while the node stalls.
    private func finish(_ begin: Double, working duration: Double) -> Double {
        var (moment, left) = (begin, duration)
        for case .stall(let stall) in troubles {
            if moment + left <= stall.lowerBound || moment >= stall.upperBound { continue }
            left -= max(stall.lowerBound - moment, 0)
            moment = stall.upperBound
        }
        return moment + left
    }
}
