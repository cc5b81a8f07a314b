import NIOCore
import Purging
import Synchronization

/// The connections to one node: who gets which, and when they end. The decisions are those of ``ConnectionLine``.
final class NodeConnections: Sendable {
    private typealias Line = ConnectionLine<NodeConnection, Exchange>

    private struct State {
        var line: Line
        var isClosed = false
        /// Looks the node's name up again and again.
        var watching: Task<Void, Never>?
        var connections: [ObjectIdentifier: NodeConnection] = [:]
        /// The exchanges that connections carry out.
        var running: [ObjectIdentifier: Exchange] = [:]
    }

    private let route: Route
    private let dialler: Dialler
    private let limits: ConnectionLimits
    private let group: any EventLoopGroup
    private let state: Mutex<State>

    init(_ route: Route, _ dialler: Dialler, _ limits: ConnectionLimits, _ group: any EventLoopGroup) {
        self.route = route
        self.dialler = dialler
        self.limits = limits
        self.group = group
        state = Mutex(State(line: Line(limit: limits.count)))
    }

    /// Hands a request to the first connection that is free, its own or another's.
    func begin(_ exchange: Exchange) {
        exchange.isHeld(by: self)
        let isOpen = advance { state, isUsable in state.line.add(exchange, isUsable: isUsable) }
        if isOpen { watch(exchange) } else { exchange.abandon() }
    }

    /// Nobody waits for ever. Who got a connection at once, as nearly all do, is watched by that one alone.
    private func watch(_ exchange: Exchange) {
        guard exchange.isWaiting else { return }
        let loop = group.any()
        exchange.keep(loop.scheduleTask(deadline: exchange.deadline) { exchange.timeOut() })
        exchange.keep(loop.scheduleTask(deadline: exchange.connectBy) { self.overdue(exchange) })
    }

    /// Abandons every request and closes every connection, now and later.
    func close() {
        let (exchanges, connections) = state.withLock { state in
            state.isClosed = true
            state.watching?.cancel()
            return (state.line.removeAll() + Array(state.running.values), Array(state.connections.values))
        }
        exchanges.forEach { $0.abandon() }
        connections.forEach { $0.close() }
    }

    /// Others need its descriptors.
    func closeIdle() { advance { state, _ in state.line.pass { _ in false } } }

    /// False if all is closed, and nothing was done.
    @discardableResult
    private func advance(_ event: (inout State, (NodeConnection) -> Bool) -> [Line.Step]) -> Bool {
        let steps: [Line.Step]? = state.withLock { state in
            if state.isClosed { return nil }
            let steps = event(&state, isUsable)
            for case .give(_, let exchange) in steps { state.running[ObjectIdentifier(exchange)] = exchange }
            return steps
        }
        steps?.forEach(carryOut)
        return steps != nil
    }

    private func carryOut(_ step: Line.Step) {
        switch step {
        case .give(let connection, let exchange):
            connection.carryOut(exchange) { self.ended(exchange, on: connection, $0) }
        case .dial(let exchange): dial(for: exchange)
        case .close(let connection): connection.close()
        }
    }

    private func ended(_ exchange: Exchange, on connection: NodeConnection, _ ending: ExchangeHandler.Ending) {
        switch ending {
        case .free: closeInTime(connection)
        case .untouched: exchange.isHeld(by: self)
        case .closed: break
        }
        advance { state, isUsable in
            state.running[ObjectIdentifier(exchange)] = nil
            return switch ending {
            case .free: state.line.released(connection, isUsable: isUsable)
            case .closed: state.line.closed(connection, isUsable: isUsable)
            case .untouched: state.line.untouched(connection, exchange, isUsable: isUsable)
            }
        }
        if case .untouched = ending { watch(exchange) }
    }

    private func dial(for exchange: Exchange) {
        // The caller's, if it runs on one: then nothing of the exchange changes threads.
        let loop = group.any()
        Task {
            let result = await dialler.dial(route, on: loop, deadline: exchange.connectBy, limit: exchange.connectLimit)
            switch result {
            case .success(let connection): ready(connection, for: exchange)
            case .failure(let failure):
                var hasFailed = false
                advance { state, isUsable in
                    hasFailed = state.line.remove(exchange)
                    return state.line.failedToDial(for: exchange, isUsable: isUsable)
                }
                if hasFailed { exchange.finish(.failure(failure)) }
            }
        }
    }

    private func ready(_ connection: NodeConnection, for exchange: Exchange) {
        let isOpen = advance { state, isUsable in
            state.connections[ObjectIdentifier(connection)] = connection
            if state.watching == nil { state.watching = watch() }
            return state.line.dialled(connection, for: exchange, isUsable: isUsable)
        }
        guard isOpen else { return connection.close() }
        connection.whenClosed {
            self.advance { state, isUsable in
                state.connections[ObjectIdentifier(connection)] = nil
                return state.line.closed(connection, isUsable: isUsable)
            }
        }
        // Nobody may need it any more.
        closeInTime(connection)
    }

    /// Whoever has waited for long enough gives up, unless a connection is being made for it: that one's error tells more.
    private func overdue(_ exchange: Exchange) {
        if state.withLock({ $0.line.removeOverdue(exchange) }) {
            exchange.finish(.failure(.noFreeConnection(within: exchange.connectLimit)))
        }
    }
}

extension NodeConnections: ExchangeHolder {
    func letGo(of exchange: Exchange) { state.withLock { _ = $0.line.remove(exchange) } }
}

// MARK: How long connections live

extension NodeConnections {
    /// Addresses are looked up for nodes that have names and are spoken to directly.
    private var isWatched: Bool { route.proxy == nil && !AddressBook.isAddress(route.host) }

    private func isUsable(_ connection: NodeConnection) -> Bool {
        connection.isOpen && connection.age(at: dialler.time.now) < limits.age
            && (!isWatched || dialler.book.holds(connection.address, host: route.host, port: route.port))
    }

    private func closeInTime(_ connection: NodeConnection) {
        let rest = limits.age - connection.age(at: dialler.time.now)
        connection.close(whenIdleFor: TimeAmount(max(min(limits.idle, rest), .zero)))
    }

    /// Looks the name up as long as there are connections, and closes idle ones to addresses that the name lost.
    private func watch() -> Task<Void, Never>? {
        guard isWatched else { return nil }
        return Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: limits.lookUps)
                let isInUse = state.withLock { state in
                    if !state.line.isInUse { state.watching = nil }
                    return state.line.isInUse
                }
                guard isInUse, !Task.isCancelled else { return }
                _ = try? await dialler.book.lookUp(route.host, route.port)
                advance { state, isUsable in state.line.pass(isUsable: isUsable) }
            }
        }
    }
}
