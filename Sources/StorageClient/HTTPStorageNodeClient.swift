import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL
package import Purging
package import SyncTokens

/// Sends signed DELETEs over HTTP/1.1. Redirects are never followed, bodies are read only as far as needed to use the
/// connection again, and one request is sent at most twice: the second time only after a 401 that the clocks explain.
package final class HTTPStorageNodeClient: StorageNodeClient {
    package struct Settings: Sendable {
        /// For one request, from start to the end of its answer.
        package var requestTimeout = Duration.seconds(60)
        /// For getting a connection, free or new; a request that gets none in time is not sent. With the second in
        /// which a request may be sent again, and the age that a decision may have when it is handed over, it keeps
        /// within the five seconds of the law.
        package var connectTimeout = Duration.seconds(2)
        /// Connections kept for one node; no fewer than the requests that it may get at once.
        package var connectionsPerNode = 32
        package var acceptsNotFound = false
        package var acceptsBareSuccess = false
        package var proxies = ProxyRules.none
        /// PEM file of the certificate authorities to trust, or a directory of such; nil for the system's.
        package var caFile: String?
        package var userAgent = "purge-old-records"

        package init() {}
    }

    /// The most of a body that is read to keep the connection usable.
    private static let mostBodyBytes = 16 * 1024
    /// The longest that a body is waited for.
    private static let mostBodyTime = Duration.seconds(5)
    /// A request is sent again only so soon after it was handed over: the decision behind it grows old.
    static let mostTimeToSecond = Duration.seconds(1)

    private let settings: Settings
    private let signer: RequestSigner
    private let classifier: AnswerClassifier
    private let time: any TimeSource
    private let offsets = ClockOffsets()
    private let deadlines = Deadlines()
    private let clients: [ProxyServer?: HTTPClient]

    /// ``shutdown()`` must be called at the end.
    ///
    /// - Throws: if the file of certificate authorities can't be used.
    package init(secret: MasterSecret, settings: Settings, time: any TimeSource) throws(CertificateFileError) {
        self.settings = settings
        self.time = time
        signer = RequestSigner(secret: secret)
        classifier = AnswerClassifier(
            acceptsNotFound: settings.acceptsNotFound,
            acceptsBareSuccess: settings.acceptsBareSuccess
        )
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.httpVersion = .http1Only
        // Nobody collects spans; their attributes would be made for each request all the same.
        configuration.tracing.tracer = nil
        configuration.timeout.connect = TimeAmount(settings.connectTimeout)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.connectionsPerNode
        // A connection that can't be made is an answer too; whether to try again is decided elsewhere.
        configuration.connectionPool.retryConnectionEstablishment = false
        if let file = settings.caFile {
            configuration.tlsConfiguration = try Self.tls(trusting: file)
        }
        var clients: [ProxyServer?: HTTPClient] = [:]
        for proxy in Set([nil, settings.proxies.forHTTP, settings.proxies.forHTTPS]) {
            configuration.proxy = proxy.map(HTTPClient.Configuration.Proxy.init)
            clients[proxy] = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        }
        self.clients = clients
    }

    package func shutdown() async {
        for client in clients.values {
            // It fails only if it was called before.
            try? await client.shutdown()
        }
    }

    package func delete(_ request: DeleteRequest) async -> NodeAnswer {
        let handedOver = time.now
        let used = offsets.offset(of: request.target)
        let first = await attempt(request, clockOffset: used)
        guard let correction = first.correction else { return first.answer }
        if time.now - handedOver > Self.mostTimeToSecond {
            // Whoever tries again, later and after a fresh look, signs by the right clock.
            offsets.keep(correction, for: request.target)
            var answer = first.answer
            answer.verdict = .busy(status: 401)
            return answer
        }
        var answer = await attempt(request, clockOffset: correction).answer
        if answer.verdict != .signatureRefused {
            offsets.keep(correction, for: request.target)
        }
        answer.quiet = [first.answer.quiet, answer.quiet].compactMap { $0 }.max()
        return answer
    }

    private struct Attempt {
        var answer: NodeAnswer
        /// The clock offset that may have been the reason for a refused signature.
        var correction: Double?
    }

    private func attempt(_ request: DeleteRequest, clockOffset: Double) async -> Attempt {
        let started = time.now
        func elapsed() -> Duration { time.now - started }
        do {
            let signed = try signer.sign(request, now: wallSeconds + clockOffset)
            var message = HTTPClientRequest(url: signed.url)
            message.method = .DELETE
            message.headers = headers(for: request, signed)
            guard let client = clients[settings.proxies.proxy(for: request.target)] else {
                return Attempt(answer: NodeAnswer(.unreachable(what: "no route", sent: false)))
            }
            let response = try await client.execute(message, deadline: .now() + TimeAmount(settings.requestTimeout))
            let bodyTime = min(settings.requestTimeout - elapsed(), Self.mostBodyTime)
            // The client's own deadline ends with the head.
            await deadlines.run(within: bodyTime) { await Self.drain(response.body) }
            let headers = ResponseHeaders(response.headers, now: wallSeconds)
            let verdict = classifier.verdict(status: Int(response.status.code), headers: headers)
            var attempt = Attempt(
                answer: NodeAnswer(
                    verdict,
                    quiet: headers.quiet,
                    retryAfter: headers.retryAfter,
                    elapsed: elapsed()
                )
            )
            attempt.answer.status = Int(response.status.code)
            attempt.answer.provesSignature = response.status != .notFound
            if verdict == .signatureRefused {
                attempt.correction = ClockOffsets.correction(
                    from: headers,
                    hawkKey: signed.hawkKey,
                    now: wallSeconds,
                    used: clockOffset
                )
            }
            return attempt
        } catch {
            let verdict = Task.isCancelled ? .abandoned : TransportFailure(error).verdict
            return Attempt(answer: NodeAnswer(verdict, elapsed: elapsed()))
        }
    }

    private var wallSeconds: Double { Double(time.wallTime.rawValue) / 1000 }

    private func headers(for request: DeleteRequest, _ signed: RequestSigner.Signed) -> HTTPHeaders {
        var headers: HTTPHeaders = [
            "Authorization": signed.authorization,
            "Accept": "application/json",
            "User-Agent": settings.userAgent,
        ]
        if let moment = request.unmodifiedSince {
            headers.add(name: "X-If-Unmodified-Since", value: moment.secondsWithTwoDecimals)
        }
        return headers
    }

    /// Reads the body, so that its connection can be used again. The head has said all that counts, so a body that
    /// breaks off, is too long or takes too long changes nothing.
    private static func drain(_ body: HTTPClientResponse.Body) async {
        var bytes = 0
        do {
            for try await chunk in body {
                bytes += chunk.readableBytes
                if bytes > mostBodyBytes { return }
            }
        } catch {
            return
        }
    }

    /// Checks that a file holds certificate authorities. A directory of such files is taken as it is.
    package static func check(certificates file: String) throws(CertificateFileError) {
        _ = try tls(trusting: file)
    }

    private static func tls(trusting file: String) throws(CertificateFileError) -> TLSConfiguration {
        var isDirectory: ObjCBool = false
        if !FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory) || !isDirectory.boolValue {
            let certificates = try? NIOSSLCertificate.fromPEMFile(file)
            if certificates?.isEmpty ?? true { throw CertificateFileError(file: file) }
        }
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .file(file)
        return configuration
    }
}

/// A file of certificate authorities that can't be read, or holds no certificate.
package struct CertificateFileError: Error, Sendable, Equatable {
    package let file: String
}

extension Milliseconds {
    /// Rounded down, so that the condition never becomes weaker.
    var secondsWithTwoDecimals: String {
        let hundredths = max(rawValue, 0) / 10
        let fraction = hundredths % 100
        return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
    }
}

extension HTTPClient.Configuration.Proxy {
    fileprivate init(_ proxy: ProxyServer) {
        let authorization = proxy.user.map {
            HTTPClient.Authorization.basic(username: $0, password: proxy.password ?? "")
        }
        self = .server(host: proxy.host, port: proxy.port, authorization: authorization)
    }
}
