/// Records that are to be read again before anything is done about them, and those that are being read: one reading at a
/// time, of all that wait.
struct Rereads: Sendable {
    /// Why a record is read again.
    enum Reason: Sendable {
        /// What its decision rests on grew too old.
        case job(Job)
        /// It is to be decided on anew: the last record of a deleted account, whose other records are committed now, or a
        /// change without a request whose decision grew too old.
        case decision(planned: PlannedRecord? = nil)

        /// What a plan says about the record.
        var planned: PlannedRecord? {
            switch self {
            case .job(let job): job.entry.planned
            case .decision(let planned): planned
            }
        }
    }

    /// So many readings in a row that were too old on arrival would go on for ever.
    static let mostStale = 10

    private var waiting: [UID: Reason] = [:]
    private var reading: [UID: Reason] = [:]
    private var staleInARow = 0

    /// Whether nothing waits and nothing is being read.
    var isIdle: Bool { waiting.isEmpty && reading.isEmpty }

    var isReading: Bool { !reading.isEmpty }

    mutating func add(_ uid: UID, _ reason: Reason) { waiting[uid] = reason }

    /// - Returns: the records of the next reading, in order; nil if one is out, or nothing waits.
    mutating func begin() -> [UID]? {
        if isReading || waiting.isEmpty { return nil }
        (reading, waiting) = (waiting, [:])
        return reading.keys.sorted()
    }

    /// - Returns: what was asked for, in the order of the uids.
    mutating func end() -> [(uid: UID, reason: Reason)] {
        defer { reading = [:] }
        return reading.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// A reading arrived, too old to decide by or not.
    ///
    /// - Returns: whether the database is too slow to decide safely.
    mutating func noteArrival(isStale: Bool) -> Bool {
        staleInARow = isStale ? staleInARow + 1 : 0
        return staleInARow >= Self.mostStale
    }

    /// - Returns: the requests that waited; what is being read still arrives.
    mutating func dropWaiting() -> [Job] {
        defer { waiting.removeAll() }
        return waiting.values.compactMap { if case .job(let job) = $0 { job } else { nil } }
    }
}
