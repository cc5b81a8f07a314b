import NIOCore
import NIOPosix
import NIOSSL
import Purging
import Synchronization

/// Carries requests to nodes over HTTP/1.1 connections that are kept. Nothing is sent twice, and no redirect is followed.
final class HTTPTransport: Sendable {
    private struct State {
        var nodes: [Route: NodeConnections] = [:]
        var isClosed = false
    }

    private let dialler: Dialler
    private let limits: ConnectionLimits
    private let group = MultiThreadedEventLoopGroup.singleton
    private let state = Mutex(State())

    init(tls: NIOSSLContext, resolver: any NameResolver, limits: ConnectionLimits, time: any TimeSource) {
        let book = AddressBook(resolver, freshness: limits.lookUps, longest: limits.age, time: time)
        let sockets = OpenSockets(limit: limits.total)
        dialler = Dialler(book: book, tls: tls, time: time, sockets: sockets)
        self.limits = limits
        sockets.whenCrowded { [weak self] in self?.closeIdle() }
    }

    /// Never throws; abandoned when the calling task is cancelled, or after ``close()``.
    func carryOut(_ exchange: Exchange, over route: Route) async -> Exchange.Outcome {
        let connections: NodeConnections? = state.withLock { state in
            if state.isClosed { return nil }
            if let known = state.nodes[route] { return known }
            let new = NodeConnections(route, dialler, limits, group)
            state.nodes[route] = new
            return new
        }
        guard let connections else { return .failure(.abandoned) }
        return await exchange.outcome { connections.begin(exchange) }
    }

    private func closeIdle() { for node in state.withLock({ $0.nodes.values }) { node.closeIdle() } }

    /// Abandons what is under way, and whatever comes later.
    func close() {
        let nodes = state.withLock { state in
            state.isClosed = true
            return state.nodes.values
        }
        nodes.forEach { $0.close() }
    }
}
