import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import Purging
import SyncTokens

/// What an error of the HTTP client means: whether the node was reached, and whether a request may have left.
struct TransportFailure {
    let verdict: NodeAnswer.Verdict

    init(_ error: any Error) {
        switch error {
        case let error as HTTPClientError: verdict = Self.verdict(of: error)
        case is NIOConnectionError: verdict = .unreachable(what: "connection refused or host unknown", sent: false)
        case let error as ChannelError: verdict = Self.verdict(of: error)
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            verdict = .unreachable(what: "connection refused", sent: false)
        case is IOError: verdict = .unreachable(what: "connection reset", sent: true)
        case NIOSSLError.handshakeFailed: verdict = .unreachable(what: "TLS handshake failed", sent: false)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            verdict = .unreachable(what: "the TLS certificate is for another host", sent: false)
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            verdict = .unreachable(what: "TLS failed", sent: true)
        case is HawkError: verdict = .unreachable(what: "the request can't be signed", sent: false)
        default: verdict = .unreachable(what: "no readable answer", sent: true)
        }
    }

    private static func verdict(of error: HTTPClientError) -> NodeAnswer.Verdict {
        switch error {
        case .deadlineExceeded, .readTimeout, .writeTimeout: .timedOut
        case .connectTimeout, .getConnectionFromPoolTimeout: .unreachable(what: "no connection in time", sent: false)
        case .tlsHandshakeTimeout: .unreachable(what: "no TLS handshake in time", sent: false)
        case .httpProxyHandshakeTimeout, .invalidProxyResponse, .proxyAuthenticationRequired,
            .socksHandshakeTimeout:
            .unreachable(what: "the proxy refused", sent: false)
        case .cancelled, .alreadyShutdown: .abandoned
        case .remoteConnectionClosed: .unreachable(what: "connection closed", sent: true)
        default: .unreachable(what: "no readable answer", sent: true)
        }
    }

    private static func verdict(of error: ChannelError) -> NodeAnswer.Verdict {
        if case .connectTimeout = error { return .unreachable(what: "no connection in time", sent: false) }
        return .unreachable(what: "connection closed", sent: true)
    }
}
