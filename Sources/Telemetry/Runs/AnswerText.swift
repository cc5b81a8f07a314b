import Logging
import Purging

/// An answer of a node that is no confirmation, or a request without one, as a log line.
struct AnswerText {
    let message: String
    let fields: Logger.Metadata

    init(_ verdict: NodeAnswer.Verdict) {
        (message, fields) =
            switch verdict {
            case .misrouted(let status, let what):
                (
                    "The answer did not come from a storage node; check the node's URL and the proxies before it: \(what)",
                    Self.status(status)
                )
            case .refused(let status):
                ("A node refused a request with HTTP status \(status)", Self.status(status))
            case .busy(let status):
                ("A node is busy: HTTP status \(status)", Self.status(status))
            case .trouble(let status):
                ("A node failed with HTTP status \(status)", Self.status(status))
            case .signatureRefused: ("A node refused a request's signature", Self.status(401))
            case .notFound: ("A node does not know the path of a request", Self.status(404))
            case .writtenSince: ("A node kept data that was written after its record was replaced", Self.status(412))
            case .decommissioned: ("A node says that it is decommissioned", Self.status(513))
            case .unreachable(let what, _): ("A node could not be reached: \(what)", [:])
            case .timedOut: ("A node did not answer in time", [:])
            case .confirmed, .shortage, .expired, .abandoned: ("A request ended without an answer", [:])
            }
    }

    private static func status(_ status: Int) -> Logger.Metadata { ["status": .stringConvertible(status)] }
}
