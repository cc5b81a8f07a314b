import Foundation
import Journals
import Purging
import StorageClient
import SyncTokens
import TokenserverStore

/// The checked form of the command `purge` with the environment. Nothing was opened or changed by the time it is made,
/// apart from the secret's file, which was read.
struct PurgeSettings {
    let records: RecordSettings
    /// Nil for a dry run without one: it sends nothing.
    let secret: SecretSource?
    let interval: Duration
    let isOneshot: Bool
    let isDryRun: Bool
    let isStrict: Bool
    /// Whether the result of a one-shot run is printed as JSON.
    let isJSON: Bool
    let allowsOverlap: Bool
    let statsd: StatsdAddress?
    /// Nil if nothing is written down.
    let auditLog: AuditLogSettings?
    let plan: PlanSettings
    let sharding: ShardingSettings
    /// Nil if it is always welcome.
    let steering: SteeringSettings?
    let monitoring: MonitoringSettings
    private(set) var policy: PurgePolicy
    private(set) var options = RunOptions()
    private(set) var client = HTTPStorageNodeClient.Settings()

    struct StatsdAddress: Equatable {
        let host: String
        let port: UInt16
    }

    init(_ command: PurgeCommand, environment: [String: String]) throws(UsageError) {
        records = try RecordSettings(command.records, command.database, command.logs, environment: environment)
        let (running, nodes) = (command.running, command.nodes)
        let longest = RecordSettings.longestSeconds
        interval = try TimeText.duration("--purge-interval", running.purgeInterval, in: 0...longest)
        // What nodes have the run wait for must not keep the next one from beginning.
        options.longestWait = running.oneshot ? nil : max(interval, .seconds(1))
        options.pageSize = try Number.whole("--max-per-loop", running.maxPerLoop, in: 1...100_000)
        options.maxOffset = try Number.whole("--max-offset", running.maxOffset, in: 0 ... .max)
        let maxRecords = try Number.whole("--max-records", running.maxRecords, in: 0...Int.max)
        options.maxRecords = maxRecords == 0 ? nil : maxRecords
        options.maxRate = try Self.rate(running.maxRate)
        let maxRuntime = try TimeText.duration("--max-runtime", running.maxRuntime, in: 0...longest)
        options.maxRuntime = maxRuntime == .zero ? nil : maxRuntime
        client.requestTimeout = try TimeText.duration("--request-timeout", nodes.requestTimeout, in: 1...86_400)
        let connecting = try TimeText.duration("--connect-timeout", nodes.connectTimeout)
        client.connectTimeout = min(connecting, client.requestTimeout)
        let concurrency = try Number.whole("--concurrency", nodes.concurrency, in: 1...10_000)
        options.dispatcher.gate.ceiling = concurrency
        client.connectionsPerNode = concurrency
        guard let urgency = Urgency(rawValue: nodes.urgency) else {
            throw UsageError(
                problem: "--urgency is neither low, normal nor high",
                remedy: "give low to leave the nodes to their users, or high to take all that they can do"
            )
        }
        options.dispatcher.gate.urgency = urgency
        let attempts = try Number.whole("--max-attempts", nodes.maxAttempts, in: 1...1000)
        options.dispatcher.retry.maxAttempts = attempts
        let tokenLife = try TimeText.duration("--token-duration", nodes.tokenDuration, in: 0...longest)
        let word = running.onFailure ?? RunOptions.OnFailure.defer.rawValue
        guard let onFailure = RunOptions.OnFailure(rawValue: word) else {
            throw UsageError(
                problem: "--on-failure is neither defer nor leave",
                remedy: "give defer to try failed records again after a grace period, or leave to keep them as they are"
            )
        }
        secret = try SecretSource(
            arguments: command.secret,
            file: running.secretFile,
            environment: environment,
            isNeeded: !running.dryrun
        )
        auditLog = try AuditLogSettings(command.auditing)
        try FileRoles(running, command.auditing, command.monitoring, database: records.connector.name).check()
        if running.dryrun, auditLog != nil {
            throw UsageError(
                problem: "--audit-log has no use with --dryrun, which deletes nothing",
                remedy: "leave it out; --plan FILE writes down what would be done"
            )
        }
        if running.dryrun, command.monitoring.metricsFile != nil {
            throw UsageError(
                problem: "--metrics-file has no use with --dryrun: alerts would take it for a run",
                remedy: "leave it out"
            )
        }
        sharding = try ShardingSettings(
            command.sharding,
            running: running,
            hostName: environment["HOSTNAME"] ?? ProcessInfo.processInfo.hostName
        )
        options.shard = sharding.shard
        if sharding != .alone { options.maxOffset = 0 }
        monitoring = try MonitoringSettings(
            command.monitoring,
            gracePeriod: records.gracePeriod,
            appliesPlan: running.plan != nil && !running.dryrun
        )
        isOneshot = running.oneshot || running.plan != nil
        isDryRun = running.dryrun
        isStrict = running.strict
        isJSON = running.json
        allowsOverlap = command.sharding.allowOverlap
        statsd = try Self.statsd(command.metrics, environment)

        policy = records.policy
        policy.writeMargin = nodes.noWriteCheck ? nil : tokenLife + .seconds(300)
        records.apply(to: &options)
        options.onFailure = onFailure
        guard let order = RunOptions.Order(rawValue: running.order) else {
            throw UsageError(
                problem: "--order is neither oldest-first nor deleted-first",
                remedy: "give one of them, or leave it out"
            )
        }
        options.order = order
        policy.keepsTombstonesLast = order == .deletedFirst

        plan = try PlanSettings(
            command,
            records: records,
            targetOptions: TargetOptions.dictionary(command.records, records, writeMargin: policy.writeMargin)
        )
        if case .apply(let file) = plan {
            options.latestCutoff = file.cutoff
            options.onFailure = .leave
        }

        options.dispatcher.answers.acceptsNotFound = nodes.accept404
        options.dispatcher.answers.acceptsBareSuccess = nodes.acceptBare2xx
        let quietTime = try TimeText.duration("--quiet-time", nodes.quietTime, in: 0...longest)
        options.dispatcher.quietTime = quietTime == .zero ? nil : quietTime
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
        steering = try SteeringSettings(
            command.steering,
            BrakeSettings(command.brakes, database: records.connector, client: client, environment: environment)
        )
    }

    /// The secret of a purge.
    ///
    /// - Throws: ``UsageError`` if there is none, which only a dry run does without.
    func masterSecret() throws(UsageError) -> MasterSecret {
        guard let secret else { throw SecretSource.missing }
        return secret.secret
    }

    /// - Parameter connections: how many to nodes this machine allows at once.
    mutating func limit(connections: Int) {
        options.dispatcher.mostInFlight = connections
        client.mostConnections = connections
    }

    private static func rate(_ text: String) throws(UsageError) -> Double? {
        guard let rate = Double(text), rate == 0 || (0.001...1e9).contains(rate) else {
            throw UsageError(
                problem: "the value of --max-rate is not a number of deletions per second",
                remedy: "give a number from 0.001 on, or 0 for no limit"
            )
        }
        return rate == 0 ? nil : rate
    }

    private static func statsd(
        _ options: MetricOptions,
        _ environment: [String: String]
    ) throws(UsageError) -> StatsdAddress? {
        var port = 8125
        if let text = options.metricPort {
            port = try Number.whole("--metric_port", text, in: 1...65_535)
        } else if let text = environment["SYNC_STATSD_PORT"], !text.isEmpty {
            port = try Number.whole("SYNC_STATSD_PORT", text, in: 1...65_535)
        }
        guard let host = options.metricHost ?? environment["SYNC_STATSD_HOST"], !host.isEmpty else { return nil }
        return StatsdAddress(host: host, port: UInt16(port))
    }

    private static func caFile(_ option: String?, _ environment: [String: String]) throws(UsageError) -> String? {
        let named = ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"].lazy.compactMap { name in
            environment[name].flatMap { $0.isEmpty ? nil : (name, $0) }
        }
        guard let (origin, file) = option.map({ ("--ca-file", $0) }) ?? named.first else { return nil }
        do {
            try HTTPStorageNodeClient.check(certificates: file)
            return file
        } catch {
            throw UsageError(
                problem: "\(origin) names no usable certificate authorities: \(file)",
                remedy: "name a readable PEM file, or leave it out to use the system's authorities"
            )
        }
    }
}
