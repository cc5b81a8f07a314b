/// What came back for one DELETE: facts only. What they mean is told by ``AnswerMeaning``.
package struct NodeAnswer: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        /// 200 or 204: the data is gone. `lastModified`: when it was last written before, in seconds; 0 if nothing was
        /// stored.
        case confirmed(lastModified: Double?)
        /// 412: written after the moment that was named; nothing was deleted. `lastModified`: when, in seconds since
        /// 1970, if the node told.
        case writtenSince(lastModified: Double?)
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
        /// Something else than a storage node answered, or a node in a way that storage nodes don't. The text names it:
        /// the server, if told.
        case misrouted(status: Int, what: String)
        /// No answer within the request's time; it may have been carried out.
        case timedOut
        /// The connection could not be made or broke. `sent` is false when surely no request left this machine.
        case unreachable(what: String, sent: Bool)
        /// Not sent: this machine had no descriptor, port or buffer for a connection, which says nothing of the node.
        case shortage(what: String)
        /// Not sent: ``DeleteRequest/notAfter`` had passed before it could be.
        case expired
        /// We gave up ourselves, because the program is stopping; it may have been carried out.
        case abandoned
    }

    package var verdict: Verdict
    /// The HTTP status; nil if no answer came.
    package var status: Int?
    /// The node's own clock (`X-Weave-Timestamp`), in seconds since 1970: the mark of a storage node's answer. Nil if
    /// something else answered, or nothing.
    package var nodeTime: Double?
    /// For how long the node asked for nothing new (`X-Weave-Backoff`, `X-Backoff`), with whatever status.
    package var quiet: Duration?
    /// After how long the node asked to try again (`Retry-After`).
    package var retryAfter: Duration?
    /// From sending to the end of the answer.
    package var elapsed: Duration

    package init(
        _ verdict: Verdict,
        status: Int? = nil,
        nodeTime: Double? = nil,
        quiet: Duration? = nil,
        retryAfter: Duration? = nil,
        elapsed: Duration = .zero
    ) {
        self.verdict = verdict
        self.status = status
        self.nodeTime = nodeTime
        self.quiet = quiet
        self.retryAfter = retryAfter
        self.elapsed = elapsed
    }
}
