import SyncTokens
import Synchronization

/// Finds out whether this machine's clock is ahead, which would have records purged before their grace period is over: on
/// SQLite, the database's clock is the same one.
///
/// The storage nodes are asked for the time before a run sends anything else. Where none answers, the time that passed since
/// the run before is what the monotonic clock says. Outlives runs.
package final class ClockWitness: Sendable {
    /// Less than this is not worth a word.
    static let tolerance = Duration.seconds(300)
    /// More nodes than this tell nothing more.
    private static let mostAsked = 32
    private static let patience = Duration.seconds(5)
    /// How long others are waited for once a node has answered.
    private static let patienceForOthers = Duration.seconds(1)

    private let client: any StorageNodeClient
    private let time: any TimeSource
    /// What the time was when it was last looked at.
    private let known = Mutex<(wall: Timestamp, at: ContinuousClock.Instant)?>(nil)

    package init(client: any StorageNodeClient, time: any TimeSource) {
        self.client = client
        self.time = time
    }

    /// What the time is, at the latest.
    struct Word: Sendable {
        let time: Timestamp
        /// By how much this machine's clock is ahead of that.
        let ahead: Duration
        /// Whether a node told, so that answers need not be looked at for it.
        let isOfNodes: Bool
    }

    func ask(_ targets: [ServiceURL]) async -> Word {
        let answers = await answers(of: Array(targets.prefix(Self.mostAsked)))
        let (ours, now) = (time.wallTime, time.now)
        // The median, and of two the earlier time: one node with a wrong clock decides nothing where there are others.
        let aheads = answers.sorted()
        return known.withLock { known in
            var latest = ours
            if !aheads.isEmpty {
                latest = ours.advanced(by: .zero - aheads[aheads.count / 2])
            } else if let known {
                latest = known.wall.advanced(by: now - known.at)
            }
            let ahead = ours.since(latest)
            let word =
                ahead > Self.tolerance
                ? Word(time: latest, ahead: ahead, isOfNodes: !aheads.isEmpty)
                : Word(time: ours, ahead: .zero, isOfNodes: !aheads.isEmpty)
            known = (word.time, now)
            return word
        }
    }

    /// A node that had told no time when it was asked has told since that this machine's clock is right.
    func noteAgreement() { known.withLock { $0 = (time.wallTime, time.now) } }

    private enum Arrival: Sendable {
        case answered(ahead: Duration)
        case silent, timeIsUp
    }

    /// By how much this machine is ahead of each node that answers.
    private func answers(of targets: [ServiceURL]) async -> [Duration] {
        await withTaskGroup(of: Arrival.self) { group in
            func limit(_ duration: Duration) {
                group.addTask { [time] in
                    await time.sleep(until: time.now + duration)
                    return .timeIsUp
                }
            }
            for target in targets {
                group.addTask { [client, time] in
                    guard let seconds = await client.time(of: target) else { return .silent }
                    return .answered(ahead: time.wallTime.since(Timestamp(Int64(seconds * 1000))))
                }
            }
            limit(Self.patience)
            var answers: [Duration] = []
            var left = targets.count
            loop: while left > 0, let arrival = await group.next() {
                switch arrival {
                case .timeIsUp: break loop
                case .silent: left -= 1
                case .answered(let ahead):
                    left -= 1
                    answers.append(ahead)
                    if answers.count == 1 { limit(Self.patienceForOthers) }
                }
            }
            group.cancelAll()
            return answers
        }
    }
}
