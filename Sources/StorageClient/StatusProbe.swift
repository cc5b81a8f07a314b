import Foundation
import NIOHTTP1
package import Purging
import SyncTokens

/// Asks a URL that is no storage node's for nothing but its status.
package final class StatusProbe: Sendable {
    private let target: ServiceURL
    private let path: String
    private let settings: HTTPStorageNodeClient.Settings
    private let transport: HTTPTransport
    private let time: any TimeSource

    /// It keeps a connection for as long as the process lives.
    ///
    /// - Returns: nil if that is no http or https URL.
    package init?(url: String, settings: HTTPStorageNodeClient.Settings, time: any TimeSource) throws {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme, let host = parts.percentEncodedHost,
            parts.user == nil,
            let target = try? ServiceURL("\(scheme)://\(host)\(parts.port.map { ":\($0)" } ?? "")")
        else { return nil }
        self.target = target
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        self.path = path + (parts.percentEncodedQuery.map { "?\($0)" } ?? "")
        self.settings = settings
        self.time = time
        transport = HTTPTransport(
            tls: try CertificateAuthorities.context(trusting: settings.caFile),
            resolver: settings.resolver,
            limits: ConnectionLimits(
                count: 1,
                total: 1,
                age: settings.connectionAge,
                lookUps: settings.addressInterval
            ),
            time: time
        )
    }

    /// The status of the answer; nil if there was none within the time.
    package func status(within limit: Duration) async -> Int? {
        let headers = settings.headers(for: target)
        let exchange = Exchange(
            HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers),
            notAfter: nil,
            limit: limit,
            connectLimit: min(limit, settings.connectTimeout),
            time: time
        )
        let route = Route(to: target, through: settings.proxies.proxy(for: target))
        guard case .success(let received) = await transport.carryOut(exchange, over: route) else { return nil }
        return received.status
    }
}
