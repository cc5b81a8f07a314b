import Synchronization

/// How often the situations of interest occurred: a history that never gets there proves nothing.
final class Census: Sendable {
    enum Situation: String, Sendable, CaseIterable {
        case loginGranted = "logins granted"
        case loginRefused = "logins refused"
        case copied = "replaced records revived by a login"
        case twoActive = "users with two active records when a purge began"
        case backdated = "records replaced before their last use"
        case movedKey = "keys that moved in place"
        case deletionRacedLogin = "active records beside a tombstone"
        case unmarkedDeletion = "accounts deleted unbeknown to their records"
        case tombstoneWithSibling = "tombstones with an obsolete sibling when a purge began"
        case unaddressable = "tombstones without keys_changed_at when a purge began"
        case revivable = "replaced current records when a purge began"
        case shared = "obsolete records with an active record's key when a purge began"
        case zeroKey = "records with keys_changed_at 0 when a purge began"
        case nodeless = "records without a node when a purge began"
        case forcedDowned = "records of downed nodes that were forced"
        case foreignNode = "records on a node of another service when a purge began"
        case mixedSpellings = "users with several spellings when a purge began"
        case secondDomain = "accounts with records under two e-mails when a purge began"
        case secondRow = "storages behind a second row"
        case renamed = "nodes renamed"
        case otherStorage = "nodes moved to another storage"
        case removed = "nodes removed"
        case reusedUID = "restarts after which uids are given out again"
        case staleWrite = "writes with an old token"
        case dataDeleted = "deletions of data"
        case nothingThere = "deletions of nothing"
        case writtenSince = "412s"
        case lostAnswer = "deletions whose answer was lost"
        case changedMeanwhile = "deletions during which somebody changed the user's records"
        case lateRequest = "requests that took seconds to get out"
        case late = "decisions older than five seconds when their request was due"
        case wrongSecret = "runs with the wrong secret"
        case killed = "runs killed"
        case twoPurgers = "runs of two at once"
        case plan = "plans carried out"
        case recordDeleted = "records deleted"
        case recordOnly = "records deleted without a request"
        case postponed = "records postponed"
        case excused = "obsolete records that stand at the end with a cause outside"
        case staysDown = "nodes that stayed down"
    }

    private let counts = Mutex<[Situation: Int]>([:])

    func count(_ situation: Situation, _ times: Int = 1) {
        if times > 0 { counts.withLock { $0[situation, default: 0] += times } }
    }

    func add(_ other: Census) {
        for (situation, times) in other.counts.withLock({ $0 }) {
            count(situation, times)
        }
    }

    subscript(situation: Situation) -> Int { counts.withLock { $0[situation] ?? 0 } }

    var table: String {
        Situation.allCases.map { situation in
            let number = String(self[situation])
            return String(repeating: " ", count: max(0, 9 - number.count)) + number + "  " + situation.rawValue
        }.joined(separator: "\n")
    }
}
