/// What an answer means for its record, for its node and for the secret: the one table, which code, tests and documents
/// follow.
///
/// Only an answer with `X-Weave-Timestamp` is a storage node's, whatever its status. Anything else is misrouted: the
/// trouble of the node, and never a reason to touch a record.
package struct AnswerMeaning: Sendable, Equatable {
    /// What it means for the record.
    package enum ForRecord: Sendable, Equatable {
        /// Its data is gone, by its node's word.
        case confirmed
        /// Written after it should have been: asked again with that moment as the condition if it is long past, else held.
        case writtenSince
        case held(HoldReason)
        /// Refused. It failed if its node answers another record well before it refuses eight in a row; else it stays as
        /// it is.
        case refused
        /// Tried again. In the end it failed if its node answered other records well meanwhile; else it stays as it is.
        case triedAgain
        /// Tried again. In the end it stays as it is, whatever became of others.
        case triedAgainAtMost
        /// It stays as it is.
        case skipped
        /// Not sent; it is decided on anew.
        case decidedAnew
    }

    /// What it means for the node.
    package enum ForNode: Sendable, Equatable {
        case nothing
        /// It did what it was asked to.
        case good
        /// It answered about this one record.
        case neutral
        /// It refused; eight in a row are its own trouble.
        case refusal
        /// It has too much to do.
        case overloaded
        case failed(NodeGate.TroubleReason)
        /// It is given up for the run.
        case abandoned(NodeGate.TroubleReason)
    }

    /// What it means for the secret, until some node has accepted it.
    package enum ForSecret: Sendable, Equatable {
        case nothing, accepted, refused
    }

    /// What the operator allows.
    package struct Policy: Sendable, Equatable {
        /// `--accept-404`: a 404 means that nothing is stored there.
        package var acceptsNotFound = false
        /// `--accept-bare-2xx`: 200 and 204 count without `X-Weave-Timestamp`, on a node that never sent one.
        package var acceptsBareSuccess = false

        package init() {}
    }

    /// What is known of the node.
    package struct Known: Sendable, Equatable {
        /// Whether it accepted the secret in this run.
        package var hasAccepted = false
        /// Whether it ever sent `X-Weave-Timestamp`.
        package var hasShownTimestamp = false

        package init(hasAccepted: Bool = false, hasShownTimestamp: Bool = false) {
            self.hasAccepted = hasAccepted
            self.hasShownTimestamp = hasShownTimestamp
        }
    }

    package let record: ForRecord
    package let node: ForNode
    package let secret: ForSecret

    init(_ record: ForRecord, _ node: ForNode, _ secret: ForSecret = .nothing) {
        self.record = record
        self.node = node
        self.secret = secret
    }

    package init(_ verdict: NodeAnswer.Verdict, from known: Known, policy: Policy = Policy()) {
        self =
            switch verdict {
            case .confirmed: .init(.confirmed, .good, .accepted)
            case .misrouted(200, _) where policy.acceptsBareSuccess && !known.hasShownTimestamp,
                .misrouted(204, _) where policy.acceptsBareSuccess && !known.hasShownTimestamp:
                .init(.confirmed, .good, .accepted)
            case .writtenSince: .init(.writtenSince, .neutral)
            // A 404 may well come before the signature is looked at.
            case .notFound where policy.acceptsNotFound: .init(.confirmed, .good)
            case .notFound: .init(.held(.notFound), .refusal)
            case .signatureRefused: .init(.refused, .refusal, .refused)
            // How go-syncstorage refuses a secret, and how a proxy's rule may look.
            case .refused(400), .refused(403): .init(.refused, .refusal, known.hasAccepted ? .nothing : .refused)
            case .refused: .init(.refused, .refusal)
            case .busy: .init(.triedAgain, .overloaded)
            case .trouble: .init(.triedAgain, .failed(.serverErrors))
            case .decommissioned: .init(.skipped, .abandoned(.decommissioned))
            // Basic auth in front of the node: a password stands between us and it.
            case .misrouted(401, _): .init(.skipped, .failed(.misrouted), .refused)
            // A load balancer without a node behind it.
            case .misrouted(429, _), .misrouted(500..<600, _): .init(.triedAgainAtMost, .failed(.misrouted))
            case .misrouted: .init(.skipped, .failed(.misrouted))
            case .timedOut, .unreachable: .init(.triedAgain, .failed(.unreachable))
            case .shortage: .init(.triedAgainAtMost, .nothing)
            case .expired: .init(.decidedAnew, .nothing)
            case .abandoned: .init(.skipped, .nothing)
            }
    }
}

extension NodeAnswer.Verdict {
    /// What an HTTP response says.
    ///
    /// - Parameters:
    ///   - isNodes: whether it has `X-Weave-Timestamp`.
    ///   - lastModified: its `X-Last-Modified`, in seconds since 1970.
    ///   - sender: who answered, as far as the response says so.
    package init(status: Int, isNodes: Bool, lastModified: Double? = nil, sender: @autoclosure () -> String) {
        if !isNodes {
            self = .misrouted(status: status, what: "\(sender()), without X-Weave-Timestamp")
            return
        }
        self =
            switch status {
            case 200, 204: .confirmed(lastModified: lastModified)
            case 401: .signatureRefused
            case 404: .notFound
            // Only a proxy asks for a proxy's password.
            case 407: .misrouted(status: status, what: sender())
            case 409, 423, 429, 503: .busy(status: status)
            case 412: .writtenSince(lastModified: lastModified)
            case 400..<500: .refused(status: status)
            case 513: .decommissioned
            case 500..<600: .trouble(status: status)
            // No other status says that anything was deleted, and no node redirects.
            default: .misrouted(status: status, what: sender())
            }
    }

    /// What went wrong, in words for somebody who has to mend it; nil if nothing did, or it says nothing of the node.
    package var problem: String? {
        switch self {
        case .confirmed, .writtenSince, .shortage, .expired, .abandoned, .decommissioned: nil
        case .notFound: "HTTP status 404"
        case .refused(let status), .busy(let status), .trouble(let status): "HTTP status \(status)"
        case .signatureRefused: "HTTP status 401"
        case .misrouted(let status, let what): "HTTP status \(status) of \(what)"
        case .timedOut: "no answer in time"
        case .unreachable(let what, _): what
        }
    }

    /// The failure that this answer is, if it is one.
    package var failure: FailureReason? {
        switch self {
        case .confirmed, .shortage, .expired, .abandoned: nil
        case .writtenSince, .notFound, .refused, .signatureRefused: .http4xx
        case .busy(let status), .trouble(let status): status < 500 ? .http4xx : .http5xx
        case .decommissioned: .http5xx
        case .misrouted: .misrouted
        case .timedOut: .timeout
        case .unreachable: .connect
        }
    }

    /// Whether it says that something is wrong, with the node or the request. A 412 says that the data was written.
    package var isError: Bool {
        if case .writtenSince = self { return false }
        return failure != nil
    }

    /// Whether surely nothing was deleted by this attempt.
    var deletedNothing: Bool {
        switch self {
        case .writtenSince, .notFound, .refused, .signatureRefused, .shortage, .expired: true
        case .busy(let status): status < 500
        case .unreachable(_, let sent): !sent
        case .confirmed, .trouble, .decommissioned, .misrouted, .timedOut, .abandoned: false
        }
    }
}

extension NodeAnswer {
    /// How the request ended, in a word of a small set: the HTTP status, or why there is none; nil if it was not sent.
    package var label: String? {
        if let status { return String(status) }
        return switch verdict {
        case .shortage, .expired: nil
        case .abandoned: "stopped"
        default: verdict.failure?.rawValue ?? "200"
        }
    }
}
