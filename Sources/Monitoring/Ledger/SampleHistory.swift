import Purging
import Synchronization

/// How the backlog went over the last hours, a sample a minute, and in the program's first minutes one a second, in memory of a
/// fixed size.
final class SampleHistory: Sendable {
    /// How far it goes back.
    static let span = Duration.seconds(12 * 3600)
    static let interval = Duration.seconds(60)
    /// So long after the start there is a sample for each second.
    static let beginning = Duration.seconds(600)
    private static let capacity = Int(span.inSeconds / interval.inSeconds)

    struct Sample: Sendable, Equatable {
        let at: Timestamp
        /// Records in the backlog; nil if that is not known.
        let records: Int?
        /// How long ago the oldest of them was replaced; nil if that is not known.
        let oldestAge: Duration?
        /// Records deleted here since the sample before.
        let deleted: Int

        init(at: Timestamp, records: Int?, oldestAge: Duration?, deleted: Int) {
            self.at = at
            self.records = records
            self.oldestAge = oldestAge
            self.deleted = deleted
        }
    }

    private let kept = Mutex<[Sample]>([])
    private let firstSeconds = Mutex<[Sample]>([])

    init() {}

    /// Of each second of the program's beginning; empty once that is over.
    var seconds: [Sample] { firstSeconds.withLock { $0 } }

    func appendSecond(_ sample: Sample) {
        firstSeconds.withLock { $0.append(sample) }
    }

    /// From now on minutes will do.
    func endBeginning() {
        firstSeconds.withLock { $0 = [] }
    }

    /// From the oldest to the newest.
    var samples: [Sample] { kept.withLock { $0 } }

    func append(_ sample: Sample) {
        kept.withLock { samples in
            if samples.count >= Self.capacity { samples.removeFirst() }
            samples.append(sample)
        }
    }
}
