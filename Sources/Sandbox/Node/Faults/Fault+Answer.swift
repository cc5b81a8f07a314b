import HTTPTypes
import NIOCore

extension Fault {
    /// What the node answers when it would have given this answer and the request meets this fault.
    func alter(_ answer: CannedAnswer) -> CannedAnswer {
        var altered = answer
        switch effect {
        case .asUsual, .close, .hang, .garbage(.bytes):
            break
        case .status(let status):
            altered = .refusal(status, "fault", reason: "this node was told to answer so")
        case .redirect(let status, let location):
            altered = .refusal(status, "fault", reason: "this node was told to answer so")
            altered.headers[.location] = location
        case .garbage(.html):
            altered = CannedAnswer(200, type: "text/html", body: ByteBuffer(string: "<!doctype html><p>Welcome!</p>\n"))
        case .garbage(.endless):
            altered = CannedAnswer(200, type: "application/octet-stream", body: ByteBuffer())
        }
        if let retryAfter { altered.headers[.retryAfter] = retryAfter }
        if let backoff { altered.headers[.weaveBackoff] = String(backoff) }
        if let xBackoff { altered.headers[.backoff] = String(xBackoff) }
        return altered
    }

    /// Whether what the client gets is no answer of HTTP.
    var isUnreadable: Bool {
        switch effect {
        case .close, .hang, .garbage(.bytes): true
        case .asUsual, .status, .redirect, .garbage: false
        }
    }

    /// Whether what the client gets is nothing that a storage node would say.
    var isGarbage: Bool {
        if case .garbage = effect { true } else { false }
    }

    /// The effect in one word or two, for the log.
    var effectText: String {
        switch effect {
        case .asUsual: "as-usual"
        case .status(let status): "status=\(status)"
        case .redirect: "redirect"
        case .close: "close"
        case .hang: "hang"
        case .garbage(let kind): "garbage=\(kind.rawValue)"
        }
    }
}
