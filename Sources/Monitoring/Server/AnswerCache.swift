import NIOCore
import NIOHTTP1

/// Keeps answers for a second, so that many questions cost as much as one, in memory too. All on one event loop.
final class AnswerCache {
    /// An answer as it is sent.
    struct Content {
        let status: HTTPResponseStatus
        let headers: HTTPHeaders
        /// Shared by all who ask.
        let body: ByteBuffer

        init(_ answer: Answer) {
            status = HTTPResponseStatus(statusCode: answer.status)
            headers = HTTPHeaders(answer.headers)
            body = ByteBuffer(string: answer.body)
        }
    }

    private static let life = TimeAmount.seconds(1)

    let notFound = Content(.line(404, "there are /, /metrics, /status, /livez and /readyz"))
    let noRequest = Content(.line(400, "this is no HTTP request"))
    let otherName = Content(
        .line(421, "ask by an IP address, by localhost, or by a name that is given with --listen-name")
    )
    let wrongMethod: Content

    private let responder: Responder
    private var kept: [String: (content: Content, until: NIODeadline)] = [:]

    init(_ responder: Responder) {
        self.responder = responder
        var answer = Answer.line(405, "only GET and HEAD: this page changes nothing")
        answer.headers.append(("Allow", "GET, HEAD"))
        wrongMethod = Content(answer)
    }

    func answer(to uri: String) -> Content {
        let path = String(uri.prefix { $0 != "?" })
        let now = NIODeadline.now()
        if let known = kept[path], known.until > now { return known.content }
        guard let answer = responder.answer(to: path) else { return notFound }
        let content = Content(answer)
        kept[path] = (content, now + Self.life)
        return content
    }
}
