package import SyncTokens

/// What a dispatcher is told and what it says.
extension NodeDispatcher {
    package struct Settings: Sendable {
        package var gate = NodeGate.Settings()
        package var retry = RetryPolicy()
        package var answers = AnswerMeaning.Policy()
        /// `--quiet-time`: data that nobody has written for so long is deleted although it was written late; nil for never.
        package var quietTime: Duration? = .seconds(30 * 86_400)
        /// What a decision rests on may be this old when its request is handed to the client; older is read again. The
        /// client has the rest of ``decisionLife`` to get a connection and to send.
        package var freshness = Duration.seconds(2)
        /// What a decision rests on may be this old when its request is sent (law 3).
        var decisionLife = Duration.seconds(5)
        /// How many requests may be in flight in all: each takes a connection, of which the system allows so many.
        package var mostInFlight = Int.max
        /// About how many records may wait in all, shared by the nodes.
        package var window = 4096

        package init() {}
    }

    /// A request to be sent now, to be answered under its ticket.
    package struct Dispatch: Sendable {
        let ticket: Int
        package let request: DeleteRequest
    }

    /// What an answer means for the record.
    enum Resolution: Sendable {
        /// It goes on: another key, or another attempt.
        case continuing
        /// Its data is gone, by its node's word.
        case confirmed(Job)
        /// - Parameter until: when the hold ends by itself, if it does.
        case held(Job, HoldReason, until: Timestamp?)
        case failed(Job, FailureReason)
        /// The node is in trouble or the program stops: skipped.
        case skipped(Job, FailureReason?)
        /// This machine had no connection to spare at any attempt: skipped, which is not the node's doing.
        case short(Job)
        /// It could not be sent in time: to be read again, and then kept or dropped.
        case expired(Job)
    }

    package struct Answered: Sendable {
        package let uid: UID
        package let target: ServiceURL
        package let secret: AnswerMeaning.ForSecret
        let resolution: Resolution
        package let change: NodeGate.Change?
        /// What this answer means for other records of the node.
        let others: [Resolution]
    }

    struct Flight {
        let job: Job
        let lane: Int
        let request: NodeGate.Request
    }
}
