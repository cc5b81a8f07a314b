/// Whether the master secret is the nodes' own, as far as this run knows: weighed over the whole run and all nodes.
///
/// Nothing is written before some node has accepted the secret, with a success of its own. A run begins by sending what
/// can be sent, a little to each node, and starts its first pass anew once that has happened. Only a backlog of which
/// nothing can be sent is settled without.
struct SecretProof: Sendable {
    enum State: Sendable {
        case open
        /// Some node accepted it.
        case accepted
        /// There was nothing to send, so nobody could be asked.
        case unchallenged
        /// There was nothing to send at first, then records changed and something was: what is decided goes on, but nothing
        /// is written until a node accepts the secret.
        case challenged
    }

    private(set) var state = State.open
    private var refusals = 0
    /// The records that were sent before; the pass that starts anew leaves them out.
    private(set) var sent: Set<UID> = []
    /// Changes that need no request and wait for the proof, as far as they were seen.
    var withheld = 0

    /// Whether records of deleted accounts alone were not enough to prove the secret with; see `--order deleted-first`.
    private(set) var needsAllAccounts = false

    /// Without an acceptance, no more records than this are sent.
    static let mostSent = 10_000

    var isOpen: Bool { state == .open }

    var hasSentEnough: Bool { isOpen && sent.count >= Self.mostSent }

    /// Whether some node refused it, and none accepted it so far.
    var speaksAgainst: Bool { refusals > 0 && state != .accepted }

    mutating func note(_ meaning: AnswerMeaning.ForSecret) {
        switch meaning {
        case .nothing: break
        case .accepted: state = .accepted
        case .refused: refusals += 1
        }
    }

    mutating func noteSent(_ uid: UID) { sent.insert(uid) }

    /// A record that was accepted for sending comes again in its turn.
    ///
    /// - Returns: whether it was counted as sent.
    mutating func forget(_ uid: UID) -> Bool { sent.remove(uid) != nil }

    /// The deleted accounts had nothing to prove it with: all accounts are asked for.
    mutating func widen() { needsAllAccounts = true }

    /// The first pass starts anew.
    mutating func noteNewStart() { needsAllAccounts = false }

    mutating func nothingToAsk() { state = .unchallenged }

    /// Something is to be sent after all, as records changed meanwhile.
    mutating func challenge() { state = .challenged }
}
