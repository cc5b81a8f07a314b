import Purging

extension StatusDocument.Program {
    init(_ program: MonitorState.Program) {
        version = program.version
        database = program.database
        startedAt = program.startedAt.rfc3339
        dryRun = program.isDryRun
        oneshot = program.isOneshot
        shard = program.shard.isEmpty ? nil : program.shard
    }
}

extension StatusDocument.Run {
    init(_ status: RunStatus, startedAt: Timestamp?) {
        self.startedAt = startedAt?.rfc3339
        recordsRead = status.summary.read
        recordsDeleted = status.summary.deletedTotal
        dataDeleted = status.summary.dataDeleted
        recordsHeld = status.summary.held.byName
        recordsFailed = status.summary.failed.byName
        recordsSkipped = status.summary.skipped
        recordsPending = status.pending
        recordsInProgress = status.inProgress
        reached = status.reached?.rfc3339
    }
}

extension StatusDocument.NodeEntry {
    init(_ node: NodeStatus) {
        url = node.url
        ids = node.ids.map(\.rawValue)
        state = node.state.name
        (reason, backingOffS) =
            switch node.state {
            case .circuitOpen(let reason), .abandoned(let reason): (reason.rawValue, nil)
            case .backingOff(let time): (nil, time.inSeconds)
            case .healthy, .unproven: (nil, nil)
            }
        problem = node.problem
        limit = node.limit
        requestsInFlight = node.inFlight
        recordsQueued = node.waiting
        latencyS = node.latency
        latencyAtRestS = node.latencyAtRest
        backoff = node.isThrottled
        downed = node.isDowned
    }
}

extension StatusDocument.Totals {
    init(_ totals: RunLedger.Totals) {
        recordsRead = totals.read
        recordsDeleted = totals.deleted.byName
        dataDeleted = totals.dataDeleted.byName
        recordsHeld = totals.held.byName
        recordsFailed = totals.failed.byName
        recordsChanged = totals.changed
    }
}

extension MonitorState.Phase {
    var name: String {
        switch self {
        case .beginning: "beginning"
        case .waiting, .waitingForNodes: "waiting"
        case .purging: "purging"
        case .rehearsing: "dry_run"
        case .paused(let reason): reason.isThrottle ? "throttled" : "paused"
        case .ending: "ending"
        case .idle: "idle"
        case .stopping: "stopping"
        }
    }
}

extension NodeStatus.State {
    var name: String {
        switch self {
        case .healthy: "healthy"
        case .unproven: "unproven"
        case .backingOff: "backing_off"
        case .circuitOpen: "circuit_open"
        case .abandoned: "abandoned"
        }
    }
}
