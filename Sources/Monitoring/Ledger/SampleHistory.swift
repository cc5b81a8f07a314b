import Purging
import Synchronization

/// How the backlog went over the last hours, a sample a minute, in memory of a fixed size.
final class SampleHistory: Sendable {
    /// How far it goes back.
    static let span = Duration.seconds(12 * 3600)
    static let interval = Duration.seconds(60)
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

    init() {}

    /// From the oldest to the newest.
    var samples: [Sample] { kept.withLock { $0 } }

    func append(_ sample: Sample) {
        kept.withLock { samples in
            if samples.count >= Self.capacity { samples.removeFirst() }
            samples.append(sample)
        }
    }
}
