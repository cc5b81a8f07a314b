import Foundation
import Purging
import StorageClient
import SyncTokens

/// The checked form of the command `purge` with the environment. Nothing was opened or changed by the time it is made,
/// apart from the secret's file, which was read.
struct PurgeSettings {
    let records: RecordSettings
    let secret: SecretSource
    let interval: Duration
    let isOneshot: Bool
    let isDryRun: Bool
    let isStrict: Bool
    let statsd: StatsdAddress?
    private(set) var policy: PurgePolicy
    private(set) var options = RunOptions()
    private(set) var client = HTTPStorageNodeClient.Settings()

    struct StatsdAddress: Equatable {
        let host: String
        let port: UInt16
    }

    init(_ command: PurgeCommand, environment: [String: String]) throws(UsageError) {
        records = try RecordSettings(command.records, environment: environment)
        let (running, nodes) = (command.running, command.nodes)
        let longest = RecordSettings.longestSeconds
        try Self.check("--purge-interval", running.purgeInterval, in: 0...longest)
        try Self.check("--max-per-loop", running.maxPerLoop, in: 1...100_000)
        try Self.check("--max-offset", running.maxOffset, in: 0 ... .max)
        try Self.check("--max-records", running.maxRecords, in: 0 ... .max)
        try Self.check("--request-timeout", nodes.requestTimeout, in: 1...86_400)
        try Self.check("--concurrency", nodes.concurrency, in: 1...10_000)
        try Self.check("--max-attempts", nodes.maxAttempts, in: 1...1000)
        try Self.check("--token-duration", nodes.tokenDuration, in: 0...longest)
        guard running.maxRate.isFinite, running.maxRate == 0 || (0.001...1e9).contains(running.maxRate) else {
            throw UsageError(
                problem: "--max-rate is not a number of deletions per second",
                remedy: "give a number from 0.001 on, or 0 for no limit"
            )
        }
        guard let onFailure = RunOptions.OnFailure(rawValue: running.onFailure) else {
            throw UsageError(
                problem: "--on-failure is neither defer nor leave",
                remedy: "defer moves failed records behind the others, leave keeps them as they are"
            )
        }
        secret = try SecretSource(arguments: command.secret, file: running.secretFile, environment: environment)
        interval = .seconds(running.purgeInterval)
        isOneshot = running.oneshot
        isDryRun = running.dryrun
        isStrict = running.strict
        statsd = try Self.statsd(command.metrics, environment)

        policy = records.policy
        policy.writeMargin = nodes.noWriteCheck ? nil : .seconds(nodes.tokenDuration + 300)
        records.apply(to: &options)
        options.pageSize = running.maxPerLoop
        options.maxOffset = running.maxOffset
        options.maxRecords = running.maxRecords == 0 ? nil : running.maxRecords
        options.maxRate = running.maxRate == 0 ? nil : running.maxRate
        options.onFailure = onFailure
        options.dispatcher.gate.ceiling = nodes.concurrency
        options.dispatcher.retry.maxAttempts = nodes.maxAttempts

        client.requestTimeout = .seconds(nodes.requestTimeout)
        client.connectTimeout = min(client.connectTimeout, client.requestTimeout)
        client.connectionsPerNode = nodes.concurrency
        client.acceptsNotFound = nodes.accept404
        client.acceptsBareSuccess = nodes.acceptBare2xx
        client.userAgent = "purge-old-records/\(ProgramVersion.text)"
        client.caFile = try Self.caFile(nodes.caFile, environment)
        do {
            client.proxies = try ProxyRules(environment: environment)
        } catch {
            throw UsageError(
                problem: "\(error.variable) is not an HTTP proxy's URL",
                remedy: "set it to http://host:port, or unset it"
            )
        }
    }

    private static func check(_ option: String, _ value: Int, in range: ClosedRange<Int>) throws(UsageError) {
        if range.contains(value) { return }
        throw UsageError(
            problem: "\(option) \(value) is out of range",
            remedy: range.upperBound == .max
                ? "give a number from \(range.lowerBound) on"
                : "give a number from \(range.lowerBound) to \(range.upperBound)"
        )
    }

    private static func statsd(
        _ options: MetricOptions,
        _ environment: [String: String]
    ) throws(UsageError) -> StatsdAddress? {
        var port = options.metricPort ?? 8125
        if options.metricPort == nil, let text = environment["SYNC_STATSD_PORT"], !text.isEmpty {
            guard let number = Int(text) else {
                throw UsageError(problem: "SYNC_STATSD_PORT is not a number", remedy: "set it to statsd's port")
            }
            port = number
        }
        try check("--metric_port", port, in: 1...65_535)
        guard let host = options.metricHost ?? environment["SYNC_STATSD_HOST"], !host.isEmpty else { return nil }
        return StatsdAddress(host: host, port: UInt16(port))
    }

    private static func caFile(_ option: String?, _ environment: [String: String]) throws(UsageError) -> String? {
        let named = ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"].lazy.compactMap { name in
            environment[name].flatMap { $0.isEmpty ? nil : (name, $0) }
        }
        guard let (origin, file) = option.map({ ("--ca-file", $0) }) ?? named.first else { return nil }
        if FileManager.default.isReadableFile(atPath: file) { return file }
        throw UsageError(
            problem: "the file of certificate authorities that \(origin) names can't be read: \(file)",
            remedy: "name a readable PEM file, or leave it out to use the system's authorities"
        )
    }
}
