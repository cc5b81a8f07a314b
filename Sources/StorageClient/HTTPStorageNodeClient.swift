import NIOCore
import NIOHTTP1
package import Purging
package import SyncTokens

/// Sends signed DELETEs over HTTP/1.1. Redirects are never followed, bodies are read only as far as needed to use the
/// connection again, and one request is sent at most twice: the second time only after a 401 that the clocks explain.
package final class HTTPStorageNodeClient: StorageNodeClient {
    private let settings: Settings
    private let signer: RequestSigner
    private let time: any TimeSource
    private let offsets = ClockOffsets()
    private let transport: HTTPTransport

    /// ``shutdown()`` must be called at the end.
    ///
    /// - Throws: if the file of certificate authorities can't be used.
    package init(secret: MasterSecret, settings: Settings, time: any TimeSource) throws(CertificateFileError) {
        self.settings = settings
        self.time = time
        signer = RequestSigner(secret: secret)
        transport = HTTPTransport(
            tls: try CertificateAuthorities.context(trusting: settings.caFile),
            resolver: settings.resolver,
            limits: ConnectionLimits(
                count: settings.connectionsPerNode,
                total: settings.mostConnections,
                age: settings.connectionAge,
                idle: settings.connectionIdle,
                lookUps: settings.addressInterval
            ),
            time: time
        )
    }

    /// What is under way is abandoned.
    package func shutdown() async { transport.close() }

    /// Checks that a file holds certificate authorities. A directory of such files is taken as it is.
    package static func check(certificates file: String) throws(CertificateFileError) {
        _ = try CertificateAuthorities.context(trusting: file)
    }

    package func delete(_ request: DeleteRequest) async -> NodeAnswer {
        let used = offsets.offset(of: request.target)
        let first = await attempt(request, clockOffset: used)
        guard let correction = first.correction else { return first.answer }
        var answer = await attempt(request, clockOffset: correction).answer
        // If the second is too late to be sent, whoever tries again, after a fresh look, signs by the right clock.
        if answer.verdict != .signatureRefused { offsets.keep(correction, for: request.target) }
        answer.quiet = [first.answer.quiet, answer.quiet].compactMap { $0 }.max()
        return answer
    }

    /// By a request that needs no signature, and that every service of Mozilla's kind answers at once; any answer will do.
    package func time(of target: ServiceURL) async -> Double? {
        let path = target.pathPrefix + "/__lbheartbeat__"
        let exchange = Exchange(
            HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: settings.headers(for: target)),
            notAfter: nil,
            limit: settings.requestTimeout,
            connectLimit: settings.connectTimeout,
            time: time
        )
        let route = Route(to: target, through: settings.proxies.proxy(for: target))
        guard case .success(let received) = await transport.carryOut(exchange, over: route) else { return nil }
        let answer = ResponseHeaders(received.headers, now: wallSeconds)
        return answer.weaveTimestamp ?? answer.date
    }

    private struct Attempt {
        var answer: NodeAnswer
        /// The clock offset that may have been the reason for a refused signature.
        var correction: Double?
    }

    private func attempt(_ request: DeleteRequest, clockOffset: Double) async -> Attempt {
        let started = time.now
        do {
            let signed = try signer.sign(request, now: wallSeconds + clockOffset)
            let exchange = Exchange(
                head(of: request, signed),
                notAfter: request.notAfter,
                limit: settings.requestTimeout,
                connectLimit: settings.connectTimeout,
                time: time
            )
            let route = Route(to: request.target, through: settings.proxies.proxy(for: request.target))
            let received = try await transport.carryOut(exchange, over: route).get()
            let headers = ResponseHeaders(received.headers, now: wallSeconds)
            var attempt = Attempt(answer: answer(received.status, headers, elapsed: time.now - started))
            if received.status == 401 {
                attempt.correction = ClockOffsets.correction(
                    from: headers,
                    hawkKey: signed.hawkKey,
                    now: wallSeconds,
                    used: clockOffset
                )
            }
            return attempt
        } catch {
            let failure = error as? TransportFailure ?? .notSent("the request can't be signed")
            return Attempt(answer: NodeAnswer(failure.verdict, elapsed: time.now - started))
        }
    }

    private func answer(_ status: Int, _ headers: ResponseHeaders, elapsed: Duration) -> NodeAnswer {
        let nodeTime = headers.weaveTimestamp
        let verdict = NodeAnswer.Verdict(
            status: status,
            isNodes: nodeTime != nil,
            lastModified: headers.lastModified,
            sender: headers.sender(status: status)
        )
        return NodeAnswer(
            verdict,
            status: status,
            nodeTime: nodeTime,
            quiet: headers.quiet,
            retryAfter: headers.retryAfter,
            elapsed: elapsed
        )
    }

    private var wallSeconds: Double { Double(time.wallTime.rawValue) / 1000 }

    private func head(of request: DeleteRequest, _ signed: RequestSigner.Signed) -> HTTPRequestHead {
        var headers = settings.headers(for: request.target, authorization: signed.authorization)
        if let moment = request.unmodifiedSince {
            headers.add(name: "X-If-Unmodified-Since", value: moment.secondsWithTwoDecimals)
        }
        return HTTPRequestHead(version: .http1_1, method: .DELETE, uri: signed.path, headers: headers)
    }
}

extension HTTPStorageNodeClient.Settings {
    /// What each request says.
    func headers(for target: ServiceURL, authorization: String? = nil) -> HTTPHeaders {
        let standardPort = target.isSecure ? 443 : 80
        var headers: HTTPHeaders = [
            "Host": target.port == standardPort ? target.host : "\(target.host):\(target.port)"
        ]
        if let authorization { headers.add(name: "Authorization", value: authorization) }
        headers.add(name: "Accept", value: "application/json")
        headers.add(name: "User-Agent", value: userAgent)
        return headers
    }
}

extension Timestamp {
    /// Rounded down, so that the condition never becomes weaker.
    var secondsWithTwoDecimals: String {
        let hundredths = max(rawValue, 0) / 10
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}
