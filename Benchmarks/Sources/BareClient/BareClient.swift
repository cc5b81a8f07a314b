import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1

/// Sends DELETEs as fast as the HTTP client can, a number of them at once, and prints how many per second: the most
/// that any program on this client could reach. It reads no database, signs nothing and decides nothing.
@main
struct BareClient: AsyncParsableCommand {
    @Argument(help: "The server's base URL.") var url: String
    @Option(help: "Requests in all.") var requests = 50_000
    @Option(help: "Requests at once.") var concurrency = 32

    func run() async throws {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow, decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = concurrency
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        // As long as a real one, so that as many bytes are sent.
        let authorization = "Hawk id=\"\(String(repeating: "t", count: 340))\", ts=\"1700000000\", nonce=\"abcdefgh\""
        let started = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<concurrency {
                group.addTask {
                    for number in stride(from: worker, to: requests, by: concurrency) {
                        var request = HTTPClientRequest(url: "\(url)/1.5/\(number)")
                        request.method = .DELETE
                        request.headers.add(name: "Authorization", value: authorization)
                        let response = try await client.execute(request, timeout: .seconds(60))
                        for try await _ in response.body {}
                    }
                }
            }
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - started) / .seconds(1)
        print(Int(Double(requests) / seconds))
        try await client.shutdown()
    }
}
