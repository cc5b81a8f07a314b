import Foundation
import Purging

/// The checked form of ``ShardingOptions``.
enum ShardingSettings: Equatable {
    /// The whole backlog.
    case alone
    /// Always the same shard.
    case fixed(Shard)
    /// Whichever of so many shards is free.
    case shared(Int)

    /// More than any backlog needs: each shard costs a read of the whole index.
    private static let most = 1024

    init(_ options: ShardingOptions, running: RunningOptions, hostName: String) throws(UsageError) {
        switch (options.shards, options.shard) {
        case (nil, nil): self = .alone
        case (_?, _?):
            throw UsageError(
                problem: "--shards and --shard exclude each other",
                remedy: "--shards takes whichever shard is free, --shard always the same; give one of them"
            )
        case (let shards?, nil): self = .shared(try Number.whole("--shards", shards, in: 1...Self.most))
        case (nil, let shard?): self = .fixed(try Self.shard(shard, hostName))
        }
        if self == .alone { return }
        let name = options.shards == nil ? "--shard" : "--shards"
        if running.plan != nil {
            throw UsageError(
                problem: "\(name) has no use with --plan, which is one program's work",
                remedy: "leave it out"
            )
        }
        guard options.shards != nil else { return }
        if running.dryrun {
            throw UsageError(
                problem: "--shards has no use with --dryrun, which changes nothing and needs no shard of its own",
                remedy: "leave it out"
            )
        }
        if running.maxRecords != "0" {
            throw UsageError(
                problem: "--max-records can't be kept with --shards, where several programs purge",
                remedy: "leave one of them out; --max-rate and --max-runtime hold for each program"
            )
        }
    }

    private static func shard(_ text: String, _ hostName: String) throws(UsageError) -> Shard {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        if parts.count == 2, let count = Int(parts[1]), (1...most).contains(count) {
            if parts[0] == "auto" { return try automatic(count, hostName) }
            if let index = Int(parts[0]), let shard = Shard(index, of: count) { return shard }
        }
        throw UsageError(
            problem: "the value of --shard is no shard",
            remedy: "give i/n with i from 0 to n-1 and n up to \(most), such as 0/4, or auto/4"
        )
    }

    /// The pods of a StatefulSet are called NAME-0, NAME-1 and so on.
    private static func automatic(_ count: Int, _ hostName: String) throws(UsageError) -> Shard {
        let name = hostName.split(separator: ".").first ?? ""
        let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.reversed()
        guard name.dropLast(digits.count).hasSuffix("-"), let index = Int(String(digits)) else {
            throw UsageError(
                problem: "--shard auto/\(count) finds no number at the end of the host's name \(hostName.prefix(64))",
                remedy: "run as a StatefulSet, or give the shard's number"
            )
        }
        guard let shard = Shard(index, of: count) else {
            throw UsageError(
                problem: "--shard auto/\(count) has no shard for the host \(hostName.prefix(64))",
                remedy: "give as many shards as there are replicas"
            )
        }
        return shard
    }

    var shard: Shard? { if case .fixed(let shard) = self { shard } else { nil } }

    /// For the log.
    var text: String {
        switch self {
        case .alone: ""
        case .fixed(let shard): "\(shard)"
        case .shared(let count): "any of \(count)"
        }
    }
}
