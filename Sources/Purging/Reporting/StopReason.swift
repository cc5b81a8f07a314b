/// Why a run ended.
package enum StopReason: Sendable, Equatable {
    /// Everything that could be purged now was.
    case complete
    /// The whole backlog was gone through, but records were skipped: their node was in trouble, this machine short of
    /// connections, or no node accepted the secret.
    case incomplete
    /// `--max-records` was reached.
    case maxRecords
    /// `--max-runtime` was over.
    case maxRuntime
    /// A signal asked for it.
    case stopRequested
    /// The database has more to do than `--critical-load` allows.
    case loadCritical(String)
    /// No node accepted the secret, and some refused it. Nothing was changed.
    case secretRefused
    /// Very many requests were sent, and no node accepted the secret. Nothing was changed.
    case secretUnproven
    /// The nodes table is empty, or lacks the Spanner node that the configuration names.
    case nodesImplausible(String)
    /// A page of the backlog did not move the cursor.
    case loopDetected
    /// The share of the backlog that is purged here is no longer ours alone.
    case shardLost(String)
    /// The audit log can't be written.
    case auditFailed(String)
    /// The plan can't be written, or read.
    case planFailed(String)
    /// The database could not go on.
    case storeFailed(String)

    /// Every name that there is.
    package static let names =
        [Self.complete, .incomplete, .maxRecords, .maxRuntime, .stopRequested, .secretRefused, .secretUnproven]
        .map(\.name)
        + [
            Self.nodesImplausible(""), .loopDetected, .shardLost(""), .auditFailed(""), .planFailed(""),
            .storeFailed(""), .loadCritical(""),
        ].map(\.name)

    package var name: String {
        switch self {
        case .complete: "complete"
        case .incomplete: "incomplete"
        case .maxRecords: "max_records"
        case .maxRuntime: "max_runtime"
        case .stopRequested: "stop_requested"
        case .loadCritical: "load_critical"
        case .secretRefused: "secret_refused"
        case .secretUnproven: "secret_unproven"
        case .nodesImplausible: "nodes_implausible"
        case .loopDetected: "loop_detected"
        case .auditFailed: "audit_log_failed"
        case .planFailed: "plan_failed"
        case .storeFailed: "database_failed"
        case .shardLost: "shard_lost"
        }
    }

    /// What an operator needs to know, if the name isn't enough.
    package var detail: String? {
        switch self {
        case .complete, .incomplete, .stopRequested: nil
        case .maxRecords: "reached --max-records; the rest is for the next run"
        case .maxRuntime: "--max-runtime is over; the rest is for the next run"
        case .secretRefused:
            "no storage node accepted the master secret, and some refused a request; nothing was changed. Run with -v to see"
                + " what each answered. Likely causes, in this order: a proxy that rewrites Host, scheme or path; Basic auth in front of the nodes; a wrong clock; a"
                + " master secret that is not the one of Tokenserver and the nodes"
        case .secretUnproven:
            "no node accepted the master secret, though very many requests were sent; nothing was changed. Look into what"
                + " the nodes answer"
        case .loopDetected: "a page of the backlog did not move the cursor; the database answered inconsistently"
        case .nodesImplausible(let text), .auditFailed(let text), .planFailed(let text),
            .storeFailed(let text), .shardLost(let text):
            text
        case .loadCritical(let text): "--critical-load: \(text); the rest is for a later run"
        }
    }

    /// Whether the run went through the whole backlog.
    package var coversAll: Bool { self == .complete || self == .incomplete }

    /// Whether the run could not be done, as opposed to done as far as was safe.
    package var isError: Bool {
        switch self {
        case .complete, .incomplete, .maxRecords, .maxRuntime, .stopRequested: false
        case .secretRefused, .secretUnproven, .nodesImplausible, .loopDetected, .auditFailed, .planFailed, .storeFailed,
            .shardLost, .loadCritical:
            true
        }
    }
}
