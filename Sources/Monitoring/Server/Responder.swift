import Purging

/// One answer to one question.
struct Answer: Sendable {
    var status = 200
    var headers: [(String, String)]
    var body: String

    init(status: Int = 200, type: String, body: String) {
        self.status = status
        self.body = body
        headers = [
            ("Content-Type", type), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
        ]
    }

    static func line(_ status: Int, _ text: String) -> Answer {
        Answer(status: status, type: "text/plain; charset=utf-8", body: text + "\n")
    }
}

/// Which path tells what.
struct Responder: Sendable {
    let monitor: Monitor

    /// - Returns: nil if there is no such path.
    func answer(to path: String) -> Answer? {
        switch path {
        case "/":
            var answer = Answer(type: "text/html; charset=utf-8", body: StatusPage(monitor.state()).html)
            answer.headers.append(("Content-Security-Policy", StatusPage.contentSecurityPolicy))
            return answer
        case "/metrics":
            return Answer(type: PrometheusText.contentType, body: MetricsDocument(monitor.state()).text)
        case "/status": return Answer(type: "application/json", body: StatusDocument(monitor.state()).json + "\n")
        case "/livez": return health(monitor.liveness)
        case "/readyz": return health(monitor.readiness)
        default: return nil
        }
    }

    private func health(_ health: Monitor.Health) -> Answer { .line(health.isGood ? 200 : 503, health.text) }
}
