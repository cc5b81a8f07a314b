import Foundation
import NIOCore
import NIOHTTP1

/// The end of a connection's pipeline: carries out one exchange at a time. Whatever a node sends, in whatever order, is an
/// outcome, and what is not an answer to a request that is out closes the connection.
final class ExchangeHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    /// What became of the connection.
    enum Ending {
        /// It can be used again.
        case free
        case closed
        /// It was closed before, and nothing was written: the exchange is not over.
        case untouched
    }

    private struct Running {
        let exchange: Exchange
        let done: @Sendable (Ending) -> Void
        var head: HTTPResponseHead?
        var bodyBytes = 0
        /// The last bytes of the answer as they must have come.
        var tail = ByteBuffer(string: "\r\n\r\n")
        var isComplete = false
        /// Whether it is complete, and nothing came behind it.
        var isClean = false
    }

    /// The most of a body that is read to keep the connection usable.
    private static let mostBodyBytes = 16 * 1024
    /// The longest that a body is waited for.
    private static let mostBodyTime = TimeAmount.seconds(5)

    private var context: ChannelHandlerContext?
    private var running: Running?
    /// Whether it was decided to close the connection; until it is, as TLS takes its leave, it looks as if it were open.
    private var isLeaving = false
    private let alarm: ConnectionAlarm

    init(on loop: any EventLoop) {
        alarm = ConnectionAlarm(loop)
        alarm.ring = { [weak self] in self?.timeIsUp() }
    }

    /// Whether a request is out, so that bytes may come.
    var isAsking: Bool { running.map { !$0.isComplete } ?? false }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        end(.failure(.broken("connection closed")), .closed)
        alarm.stop()
        self.context = nil
    }

    func begin(_ exchange: Exchange, done: @escaping @Sendable (Ending) -> Void) {
        guard let context, isUsable, running == nil else { return done(.untouched) }
        switch exchange.admission() {
        case .send: break
        // Not at once: the next in line may be no better, and the one behind it.
        case .over: return context.eventLoop.execute { done(.free) }
        case .tooLate:
            exchange.finish(.failure(.expired))
            return context.eventLoop.execute { done(.free) }
        }
        running = Running(exchange: exchange, done: done)
        alarm.set(exchange.deadline)
        context.write(wrapOutboundOut(.head(exchange.head)), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenFailure { self.fail($0) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    /// The exchange was given up: its answer may still come, so the connection is of no use.
    func abort(_ exchange: Exchange) {
        guard let running, running.exchange === exchange else { return }
        if running.head == nil {
            // What the system could not deliver so far is not to be delivered later.
            let socket = context?.channel as? any SocketOptionProvider
            socket?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenFailure { _ in }
        }
        end(.failure(.abandoned), .closed)
    }

    func closeIfIdle(for time: TimeAmount) {
        if running == nil, isUsable { alarm.set(.now() + time) }
    }

    /// From now on it takes no request.
    func leave() {
        isLeaving = true
        context?.close(promise: nil)
    }

    private var isUsable: Bool { !isLeaving && context?.channel.isActive ?? false }

    /// The answer, the rest of its body, or the next request has not come in time.
    private func timeIsUp() {
        if let running { running.exchange.timeOut() } else { leave() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let exchange = running?.exchange else { return leave() }
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard running?.head == nil, running?.isComplete == false else {
                return end(.failure(.broken("no readable answer")), .closed)
            }
            running?.head = head
            exchange.received(ReceivedHead(status: Int(head.status.code), headers: head.headers))
            waitForBody(of: head)
        case .body(let bytes):
            running?.bodyBytes += bytes.readableBytes
            running?.tail = bytes
            if running?.head == nil || (running?.bodyBytes ?? 0) > Self.mostBodyBytes {
                end(.failure(.broken("no readable answer")), .closed)
            }
        case .end:
            if running?.head?.headers.contains(name: "Transfer-Encoding") == true || running?.bodyBytes == 0 {
                running?.tail = ByteBuffer(string: "\r\n\r\n")
            }
            running?.isComplete = true
        }
    }

    /// All parts of what just came were seen.
    ///
    /// - Parameter bytes: what came. If it goes on after the answer, nobody asked for that.
    func finishedReading(_ bytes: ByteBuffer) {
        guard let running, running.isComplete else { return }
        self.running?.isClean = running.tail.hasSuffix(orIsSuffixOf: bytes) && running.head?.isKeepAlive == true
    }

    /// All that had come was seen: more of it, behind the answer, is no answer to the next request.
    func finishedReadingAll() {
        guard let running, running.isComplete else { return }
        end(.failure(.broken("no readable answer")), running.isClean && isUsable ? .free : .closed)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(.failure(.broken("connection closed")), .closed)
        alarm.stop()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
        context.close(promise: nil)
    }

    /// A head of a status that no server of HTTP sends is all that is read.
    private func waitForBody(of head: HTTPResponseHead) {
        guard (200..<600).contains(head.status.code), let running else {
            return end(.failure(.broken("no readable answer")), .closed)
        }
        alarm.set(min(running.exchange.deadline, .now() + Self.mostBodyTime))
    }

    private func fail(_ error: any Error) {
        end(.failure(TransportFailure(talking: error)), .closed)
    }

    /// A failure counts only if the answer's head has not come.
    private func end(_ outcome: Exchange.Outcome, _ ending: Ending) {
        guard let running else { return }
        self.running = nil
        alarm.clear()
        if case .closed = ending { leave() }
        // First the connection, so that whoever asks again at once finds it.
        running.done(ending)
        running.exchange.finish(outcome)
    }
}

extension ByteBuffer {
    /// Whether one of the two ends with the other.
    fileprivate func hasSuffix(orIsSuffixOf other: ByteBuffer) -> Bool {
        let count = Swift.min(readableBytes, other.readableBytes)
        return readableBytesView.suffix(count) == other.readableBytesView.suffix(count)
    }
}
