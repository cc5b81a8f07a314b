import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Purging
import Synchronization

/// Makes connections: name resolution, TCP, tunnel and TLS handshake, all within one limit of time.
struct Dialler: Sendable {
    let book: AddressBook
    let tls: NIOSSLContext
    let time: any TimeSource
    let sockets: OpenSockets

    /// The pause before a connection is tried again that this machine had no descriptor or port for.
    private static let pause = Duration.milliseconds(100)

    /// - Parameters:
    ///   - deadline: when it must be ready.
    ///   - limit: how long that was in the beginning, for the error's text.
    /// - Throws: ``TransportFailure``.
    func dial(_ route: Route, on loop: any EventLoop, deadline: NIODeadline, limit: Duration) async
        -> Result<NodeConnection, TransportFailure>
    {
        let attempt = Attempt(loop)
        let timer = loop.scheduleTask(deadline: deadline) {
            attempt.fail(.noConnection(within: limit, missing: attempt.missing))
        }
        Task {
            do {
                let addresses = try await book.addresses(of: route.dialledHost, port: route.dialledPort)
                attempt.missing = nil
                attempt.succeed(try await connect(route, to: addresses, on: loop, deadline, attempt))
            } catch {
                attempt.fail(Self.failure(error))
            }
        }
        let result = await attempt.result()
        timer.cancel()
        return result
    }

    private static func failure(_ error: any Error) -> TransportFailure {
        guard let error = error as? NameUnknown else { return TransportFailure(dialling: error) }
        return .notSent(error.isTemporary ? "the host's name can't be looked up now" : "host unknown")
    }

    /// Tries again while it is this machine that lacks something.
    private func connect(
        _ route: Route,
        to addresses: [SocketAddress],
        on loop: any EventLoop,
        _ deadline: NIODeadline,
        _ attempt: Attempt
    ) async throws -> NodeConnection {
        while true {
            sockets.makeRoom()
            do {
                return try await future(route, to: addresses, on: loop, deadline, attempt).get()
            } catch let error where TransportFailure(dialling: error).isShortage {
                if NIODeadline.now() + TimeAmount(Self.pause) >= deadline { throw error }
                sockets.makeRoom(isUrgent: true)
                try await Task.sleep(for: Self.pause)
            }
        }
    }

    private func future(
        _ route: Route,
        to addresses: [SocketAddress],
        on loop: any EventLoop,
        _ deadline: NIODeadline,
        _ attempt: Attempt
    ) -> EventLoopFuture<NodeConnection> {
        return ClientBootstrap(group: loop)
            .connectTimeout(max(deadline - .now(), .milliseconds(1)))
            .resolver(KnownAddresses(addresses, loop))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try self.prepare(channel, for: route, attempt) }
            }
            .connect(host: route.dialledHost, port: route.dialledPort)
            .flatMap { channel in
                // Its handlers may be gone again by now.
                guard let candidate = attempt.choose(channel) else {
                    return channel.eventLoop.makeFailedFuture(ChannelError.eof)
                }
                return candidate.whenReady.map { candidate.connection }
            }
    }

    private static func missing(_ stage: ReadinessHandler.Stage) -> String? {
        switch stage {
        case .connecting: nil
        case .opensTunnel: "the proxy is silent"
        case .shakesHands: "no end of the TLS handshake"
        }
    }

    private func prepare(_ channel: any Channel, for route: Route, _ attempt: Attempt) throws {
        sockets.opened(channel)
        let pipeline = channel.pipeline.syncOperations
        let secure = route.isSecure ? try tlsHandler(for: route.host) : nil
        var stages = [ReadinessHandler.Stage.connecting]
        if route.proxy != nil {
            stages.append(.opensTunnel)
            try pipeline.addHandler(TunnelHandler(route, tls: secure))
        } else if let secure {
            try pipeline.addHandler(secure)
        }
        if route.isSecure { stages.append(.shakesHands) }
        let exchanges = ExchangeHandler(on: channel.eventLoop)
        let readiness = ReadinessHandler(stages, on: channel.eventLoop) { attempt.missing = Self.missing($0) }
        try pipeline.addHandlers([readiness, UnaskedBytes(exchanges)])
        try pipeline.addHTTPClientHandlers()
        try pipeline.addHandler(exchanges)
        let connection = NodeConnection(channel, exchanges, made: time.now)
        attempt.add(Attempt.Candidate(whenReady: readiness.whenReady, connection: connection), for: channel)
    }

    /// An address has no name that could be asked for; the certificate must hold the address then.
    private func tlsHandler(for host: String) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: tls, serverHostname: AddressBook.isAddress(host) ? nil : host)
    }
}
