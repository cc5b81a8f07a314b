import Foundation
import Journals
import Purging
import SyncTokens
import TokenserverStore

/// What `--plan` asks for.
enum PlanSettings {
    case none
    /// A dry run writes one.
    case write(PlanFileWriter)
    /// A purge does only what this one names.
    case apply(PlanFile)

    /// A plan to be carried out is checked as a whole here.
    ///
    /// - Parameter targetOptions: those that choose records and where their deletes go; a plan holds for the same only.
    init(
        _ command: PurgeCommand,
        records: RecordSettings,
        targetOptions: [String: String]
    ) throws(UsageError) {
        guard let path = command.running.plan else {
            self = .none
            return
        }
        let database = records.connector.name
        if command.running.dryrun {
            if FileManager.default.fileExists(atPath: path) {
                throw UsageError(
                    problem: "--plan \(path) is there already, and a plan replaces nothing",
                    remedy: "name another file, or remove it; without --dryrun it would be carried out"
                )
            }
            self = .write(PlanFileWriter(path: path, database: database, options: targetOptions))
            return
        }
        try Self.refuseWhatMakesNoSense(command.running)
        let plan: PlanFile
        do {
            plan = try PlanFile(path: path)
        } catch {
            throw UsageError(
                problem: "\(error)",
                remedy: "nothing was changed; check the name, or make a plan with --dryrun --plan FILE"
            )
        }
        if plan.header.database != database {
            throw UsageError(
                problem: "the plan \(path) was made for another database: \(plan.header.database)",
                remedy: "give that one, or make a plan for \(database)"
            )
        }
        for name in Set(plan.header.options.keys).union(targetOptions.keys).sorted() {
            let (planned, given) = (plan.header.options[name], targetOptions[name])
            if planned == given { continue }
            throw UsageError(
                problem:
                    "the plan was made with \(name) \(planned ?? "not given"), but here it is \(given ?? "not given")",
                remedy: "give the same options as to the dry run that made the plan, or make another one"
            )
        }
        self = .apply(plan)
    }

    private static func refuseWhatMakesNoSense(_ options: RunningOptions) throws(UsageError) {
        let refused: [(String, Bool)] = [
            ("--max-offset", options.maxOffset != "0"),
            ("--order deleted-first", options.order != RunOptions.Order.oldestFirst.rawValue),
            ("--on-failure defer", options.onFailure == RunOptions.OnFailure.defer.rawValue),
        ]
        if let (name, _) = refused.first(where: \.1) {
            throw UsageError(
                problem:
                    "\(name) makes no sense with --plan, which is carried out in its order, and leaves failures as they are",
                remedy: "leave it out"
            )
        }
    }
}

/// The options that choose records and where their deletes go, in one spelling, so that they can be compared.
enum TargetOptions {
    static func dictionary(
        _ options: RecordOptions,
        _ settings: RecordSettings,
        writeMargin: Duration?
    ) -> [String: String] {
        let policy = settings.policy
        var values: [String: String] = [:]
        values["--grace-period"] = "\(settings.gracePeriod.components.seconds)"
        values["--range_start"] = settings.uidsAbove.map { "\($0.rawValue)" }
        values["--range_end"] = settings.uidsBelow.map { "\($0.rawValue)" }
        values["--force"] = policy.forcesDownedNodes ? "given" : nil
        values["--override_node"] = policy.forcesDownedNodes ? policy.overrideNode?.text : nil
        values["--node-type"] = options.nodeType.isEmpty ? nil : Set(options.nodeType).sorted().joined(separator: " ")
        values["--purge-unassigned"] = policy.purgesUnassigned ? "given" : nil
        values["--accept-unaddressable"] = policy.acceptsUnaddressable ? "given" : nil
        let gone = policy.confirmedGoneNodes.sorted().map(\.description).joined(separator: " ")
        values["--gone-node"] = gone.isEmpty ? nil : gone
        values["--hold-mass"] = policy.mostAtAStroke.map { "\($0)" }
        let masses = policy.confirmedMasses.sorted().map(\.description).joined(separator: " ")
        values["--confirm-mass"] = masses.isEmpty ? nil : masses
        values["--keep-last-record"] = policy.keepsLastRecords ? "given" : nil
        values["--no-write-check"] = writeMargin == nil ? "given" : nil
        values["--token-duration"] = writeMargin.map { "\($0.components.seconds - 300)" }
        values["SYNC_TOKENSERVER__SPANNER_NODE_ID"] = settings.spannerNode?.description
        return values
    }
}
