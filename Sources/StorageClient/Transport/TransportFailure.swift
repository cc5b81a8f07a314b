import NIOCore
import NIOPosix
import NIOSSL
import Purging

/// Why a request got no answer, and what that means: whether the node was reached, and whether the request may have left.
struct TransportFailure: Error, Equatable {
    let verdict: NodeAnswer.Verdict

    static let abandoned = TransportFailure(verdict: .abandoned)
    static let expired = TransportFailure(verdict: .expired)
    static let timedOut = TransportFailure(verdict: .timedOut)

    /// Surely nothing was sent.
    static func notSent(_ what: String) -> TransportFailure {
        TransportFailure(verdict: .unreachable(what: what, sent: false))
    }

    /// Nothing was sent, for want of something on this machine.
    static func shortage(_ what: String) -> TransportFailure { TransportFailure(verdict: .shortage(what: what)) }

    var isShortage: Bool {
        if case .shortage = verdict { true } else { false }
    }

    /// A request was written to the connection.
    static func broken(_ what: String) -> TransportFailure {
        TransportFailure(verdict: .unreachable(what: what, sent: true))
    }

    /// No connection was made in time.
    ///
    /// - Parameter missing: what it waited for in the end, unless it is the connection itself.
    static func noConnection(within limit: Duration, missing: String? = nil) -> TransportFailure {
        let text = "no connection within \(limit.inSeconds), name resolution included"
        return notSent(missing.map { "\(text): \($0)" } ?? text)
    }

    /// The node's connections were all busy, or being made for others.
    static func noFreeConnection(within limit: Duration) -> TransportFailure {
        notSent("no connection was free within \(limit.inSeconds)")
    }
}

extension Duration {
    /// As in `5 s` or `0.2 s`.
    fileprivate var inSeconds: String {
        let value = self / .seconds(1)
        return value == value.rounded() ? "\(Int64(value)) s" : "\(value) s"
    }
}

extension TransportFailure {
    /// What an error means that came before the connection was ready for requests.
    init(dialling error: any Error) {
        self =
            switch error {
            case let error as TransportFailure: error
            case let error as NIOConnectionError: Self(connecting: error)
            case let error as IOError:
                Self.shortage(error.errnoCode).map(Self.shortage) ?? .notSent(Self.text(ofDialling: error.errnoCode))
            case NIOSSLError.handshakeFailed(let reason): .notSent(Self.text(ofHandshake: reason))
            case let error as NIOSSLExtraError where error == .failedToValidateHostname:
                .notSent("the TLS certificate is for another host")
            case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: .notSent("TLS handshake failed")
            case is ChannelError: .notSent("connection closed before it was ready")
            default: .notSent("no connection")
            }
    }

    /// Of several addresses, what is the node's counts, if anything is: a machine without IPv6 has no address to connect to
    /// one of IPv6 from, which is no shortage.
    private init(connecting error: NIOConnectionError) {
        let failures = error.connectionErrors.map { single -> TransportFailure in
            let code = (single.error as? IOError)?.errnoCode
            if code == EADDRNOTAVAIL, single.target.protocol == .inet6 { return .notSent("no route to the host") }
            return TransportFailure(dialling: single.error)
        }
        self = failures.first { !$0.isShortage } ?? failures.first ?? .notSent("no connection")
    }

    /// What an error means that came while a request was out.
    init(talking error: any Error) {
        self =
            switch error {
            case is IOError: .broken("connection reset")
            case is ChannelError: .broken("connection closed")
            case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: .broken("TLS failed")
            default: .broken("no readable answer")
            }
    }

    /// BoringSSL's names for what an operator can mend.
    private static func text(ofHandshake reason: BoringSSLError) -> String {
        let names = String(describing: reason)
        if names.contains("CERTIFICATE_VERIFY_FAILED") {
            return "its TLS certificate is not accepted; see --ca-file for an authority of your own, or renew it"
        }
        if names.contains("WRONG_VERSION_NUMBER") || names.contains("HTTP_REQUEST") {
            return "no TLS is spoken there; should its URL begin with http://?"
        }
        return "TLS handshake failed"
    }

    /// What this machine lacks, if the error says so.
    private static func shortage(_ code: CInt) -> String? {
        switch code {
        case EMFILE: "too many open files for this program (ulimit -n)"
        case ENFILE: "too many open files on this machine"
        case EADDRNOTAVAIL: "no free port for a connection"
        case ENOBUFS, ENOMEM: "no memory for a connection"
        default: nil
        }
    }

    private static func text(ofDialling code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "connection refused"
        case EHOSTUNREACH, ENETUNREACH, ENETDOWN, EHOSTDOWN: "no route to the host"
        case ECONNRESET: "connection reset before it was ready"
        case ETIMEDOUT: "no connection: the host is silent"
        default: "no connection: error \(code) of the system"
        }
    }
}
