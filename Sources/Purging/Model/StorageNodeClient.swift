package import SyncTokens

/// One signed DELETE of one user's data.
package struct DeleteRequest: Sendable {
    package let target: ServiceURL
    package let uid: UID
    package let fxaUID: String
    package let key: KeyID
    /// If the user's storage was modified after this, the node is asked to delete nothing; nil sends no condition.
    package let unmodifiedSince: Milliseconds?

    package init(target: ServiceURL, uid: UID, fxaUID: String, key: KeyID, unmodifiedSince: Milliseconds?) {
        self.target = target
        self.uid = uid
        self.fxaUID = fxaUID
        self.key = key
        self.unmodifiedSince = unmodifiedSince
    }
}

/// What a storage node answered to one DELETE, classified by the status table.
package struct NodeAnswer: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// The data is gone. `lastModified`: when it was last written before, in seconds; 0 if nothing was stored.
        case confirmed(lastModified: Double?)
        /// 412: written after it was replaced; nothing was deleted.
        case writtenSince
        /// 404: no such route.
        case notFound
        /// Another 4xx: this request is refused.
        case refused(status: Int)
        /// 401, also after the clock was corrected.
        case signatureRefused
        /// 409, 423, 429, 503: conflict or overload.
        case busy(status: Int)
        /// 500, 502, 504 and other 5xx.
        case trouble(status: Int)
        /// 513: the node is decommissioned.
        case decommissioned
        /// Something else than a storage node answered. The text names it: status, and server if told.
        case misrouted(status: Int, what: String)
        /// No answer within the request's time; it may have been carried out.
        case timedOut
        /// The connection could not be made or broke. `sent` is false when surely no request left this machine.
        case unreachable(what: String, sent: Bool)
        /// We gave up ourselves, because the program is stopping; it may have been carried out.
        case abandoned
    }

    package var verdict: Verdict
    /// The HTTP status; nil if no answer came.
    package var status: Int?
    /// For how long the node asked for nothing new (`X-Weave-Backoff`, `X-Backoff`), with whatever status.
    package var quiet: Duration?
    /// After how long the node asked to try again (`Retry-After`).
    package var retryAfter: Duration?
    /// From sending to the end of the answer.
    package var elapsed: Duration
    /// Whether such an answer is only given to a signature that was accepted. A 404 may well come before that.
    package var provesSignature = true

    package init(_ verdict: Verdict, quiet: Duration? = nil, retryAfter: Duration? = nil, elapsed: Duration = .zero) {
        self.verdict = verdict
        self.quiet = quiet
        self.retryAfter = retryAfter
        self.elapsed = elapsed
    }
}

extension NodeAnswer.Verdict {
    /// The failure that this answer is, if it is one.
    package var failure: FailureReason? {
        switch self {
        case .confirmed, .abandoned: nil
        case .writtenSince, .notFound, .refused, .signatureRefused: .http4xx
        case .busy(let status), .trouble(let status): status < 500 ? .http4xx : .http5xx
        case .decommissioned: .http5xx
        case .misrouted: .misrouted
        case .timedOut: .timeout
        case .unreachable: .connect
        }
    }

    /// Whether surely nothing was deleted by this attempt.
    var deletedNothing: Bool {
        switch self {
        case .writtenSince, .notFound, .refused, .signatureRefused: true
        case .busy(let status): status < 500
        case .unreachable(_, let sent): !sent
        case .confirmed, .trouble, .decommissioned, .misrouted, .timedOut, .abandoned: false
        }
    }
}

/// Sends one DELETE to a storage node. It never throws: whatever happens is an answer. Safe to call concurrently.
package protocol StorageNodeClient: Sendable {
    func delete(_ request: DeleteRequest) async -> NodeAnswer
}
