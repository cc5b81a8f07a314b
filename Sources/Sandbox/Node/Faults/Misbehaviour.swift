import HTTPTypes
import HummingbirdCore
import NIOCore
import NIOHTTP1

/// Does to a connection what no server should.
struct Misbehaviour {
    /// The connection is of no more use; the server's loop over its requests has to end.
    struct Over: Error {}

    private static let garbage = "\u{16}\u{3}\u{1} this is not HTTP, whatever you try \u{0}\u{7F}\r\n\r\n"
    private static let pauseInBody = Duration.milliseconds(5)

    let effect: Fault.Effect?
    let request: Request
    let channel: any Channel

    /// - Throws: always, unless the effect is none of those that need the connection itself.
    func perform(head: HTTPResponse, writer: consuming ResponseWriter) async throws {
        switch effect {
        case .close:
            try await channel.close()
            throw Over()
        case .hang:
            // Ends when the client hangs up, or when the node is stopped.
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await Task.sleep(for: .seconds(1_000_000_000))
            }
        case .garbage(.bytes):
            try await writePastEncoder(ByteBuffer(string: Self.garbage))
            try await channel.close()
            throw Over()
        case .garbage(.endless):
            var endless = head
            endless.headerFields[.contentLength] = nil
            let chunk = ByteBuffer(repeating: 0x20, count: 16 << 10)
            var body = try await writer.writeHead(endless)
            while true {
                // Throws when the client hung up.
                try await body.write(chunk)
                try await Task.sleep(for: Self.pauseInBody)
            }
        case nil, .asUsual, .status, .redirect, .garbage(.html):
            break
        }
    }

    private func writePastEncoder(_ bytes: ByteBuffer) async throws {
        let channel = channel
        try await channel.eventLoop.flatSubmit {
            do {
                let encoder = try channel.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
                let written = channel.eventLoop.makePromise(of: Void.self)
                encoder.writeAndFlush(NIOAny(bytes), promise: written)
                return written.futureResult
            } catch {
                return channel.eventLoop.makeFailedFuture(error)
            }
        }.get()
    }
}
