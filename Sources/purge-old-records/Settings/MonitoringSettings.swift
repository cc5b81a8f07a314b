import Foundation

/// The checked form of ``MonitoringOptions``.
struct MonitoringSettings: Equatable {
    struct Address: Equatable {
        var host = "127.0.0.1"
        let port: Int
    }

    /// Nil if nothing listens.
    let address: Address?
    /// By which it may be asked on loopback, besides addresses and localhost.
    let names: [String]
    /// The age that the oldest obsolete record may have; nil without an objective.
    let ageObjective: Duration?
    /// Where the metrics go at a run's end; nil for nowhere.
    let metricsFile: String?
    /// Whether the objective was given as `--promise`, as it was called before.
    let usesFormerName: Bool

    init(
        _ options: MonitoringOptions,
        gracePeriod: Duration,
        appliesPlan: Bool
    ) throws(UsageError) {
        address = try options.listen.map { text throws(UsageError) in try Self.address(text) }
        metricsFile = options.metricsFile
        names = options.listenName
        if let name = names.first(where: { $0.isEmpty || $0.contains { ":/@ ".contains($0) } }) {
            throw UsageError(
                problem: "the value of --listen-name is no host's name: \(name.prefix(64))",
                remedy: "give the name alone, such as purge.example.com"
            )
        }
        if !names.isEmpty, address == nil {
            throw UsageError(
                problem: "--listen-name has no use without --listen",
                remedy: "add --listen, or leave it out"
            )
        }
        if options.ageSLO != nil, options.promise != nil {
            throw UsageError(
                problem: "--promise is the old name of --age-slo, and both are given",
                remedy: "leave --promise out"
            )
        }
        usesFormerName = options.promise != nil
        ageObjective = try (options.ageSLO ?? options.promise).map { text throws(UsageError) in
            try TimeText.duration("--age-slo", text)
        }
        guard let ageObjective else { return }
        if appliesPlan {
            throw UsageError(
                problem: "--age-slo has no use with --plan, which is about a part of the backlog",
                remedy: "leave it out"
            )
        }
        if ageObjective <= gracePeriod {
            throw UsageError(
                problem: "--age-slo is not longer than --grace-period, before which nothing is purged",
                remedy:
                    "give at least some hours more than the \(gracePeriod.components.seconds) s of the grace period"
            )
        }
    }

    private static func address(_ text: String) throws(UsageError) -> Address {
        let error = UsageError(
            problem: "the value of --listen is no address: \(text.prefix(64))",
            remedy:
                "give a port for loopback, such as 9464, or an address and a port, such as 0.0.0.0:9464 or [::]:9464"
        )
        let colon = text.lastIndex(of: ":")
        let digits = colon.map { text[text.index(after: $0)...] } ?? text[...]
        guard !digits.isEmpty, digits.allSatisfy({ $0.isASCII && $0.isNumber }), let port = UInt16(digits) else {
            throw error
        }
        guard let colon, colon != text.startIndex else { return Address(port: Int(port)) }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard host.contains(":") else { throw error }
        } else if host.contains(":") {
            throw error
        }
        let allowed = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:%-_")
        guard !host.isEmpty, host.unicodeScalars.allSatisfy(allowed.contains) else { throw error }
        return Address(host: host, port: Int(port))
    }
}
