import Purging

/// The state as Prometheus reads it. docs/OPERATIONS.md tells what each metric means.
struct MetricsDocument {
    private let state: MonitorState
    /// Of the run whose end a file tells; nil for what is served.
    private let exitCode: Int32?

    init(_ state: MonitorState, exitCode: Int32? = nil) {
        self.state = state
        self.exitCode = exitCode
    }

    var text: String {
        var text = PrometheusText()
        describeProgram(&text)
        describeRuns(&text)
        describeRecords(&text)
        describeBacklog(&text)
        describeNodes(&text)
        // The collector that reads the file has metrics of these names itself.
        if exitCode == nil { describeProcess(&text) }
        return text.text
    }

    private func describeProgram(_ text: inout PrometheusText) {
        text.family("purge_build_info", "gauge", "The program's version; always 1.") {
            $0.sample(1, ("version", state.program.version))
        }
        let isPaused = state.pause != nil
        text.gauge(
            "purge_paused",
            "Whether nothing may be sent for now, by a pause file, a window or a brake.",
            isPaused ? 1 : 0
        )
        text.gauge(
            "purge_throttled",
            "Whether nothing may be sent for now, by a brake: the load of the database, a replica's lag, or what was set up.",
            state.pause?.isThrottle == true ? 1 : 0
        )
        let waits = if case .waitingForNodes = state.phase { true } else { false }
        text.gauge(
            "purge_waiting_for_nodes",
            "Whether a run goes on only for nodes that asked for quiet or are being probed.",
            waits ? 1 : 0
        )
        text.gauge("purge_stopping", "Whether the program was asked to stop.", state.isStopRequested ? 1 : 0)
        let isUp = state.database.problem == nil
        text.gauge("purge_database_up", "Whether the database answered when it was last asked.", isUp ? 1 : 0)
    }

    private func describeRuns(_ text: inout PrometheusText) {
        let book = state.book
        text.family("purge_runs_total", "counter", "Runs that ended, by stop reason.") { family in
            for name in StopReason.names { family.sample(Double(book.runsByReason[name] ?? 0), ("stop_reason", name)) }
        }
        text.gauge("purge_run_in_progress", "Whether a run is in progress.", book.runStartedAt == nil ? 0 : 1)
        // A run that could not begin ended as well.
        let endedAt = book.runs.first?.endedAt ?? (exitCode == nil ? nil : state.now)
        text.gauge("purge_last_run_timestamp_seconds", "When the last run ended.", endedAt?.seconds)
        text.gauge(
            "purge_last_run_exit_code",
            "The exit code that tells how the last run ended; in files of --metrics-file only.",
            exitCode.map { Double($0) }
        )
        text.gauge(
            "purge_last_finished_run_timestamp_seconds",
            "When the last run ended that was neither stopped nor failed.",
            book.lastFinishedAt?.seconds
        )
        text.gauge(
            "purge_last_run_duration_seconds",
            "How long the last run took.",
            book.runs.first?.summary.duration.inSeconds
        )
    }

    private func describeRecords(_ text: inout PrometheusText) {
        let totals = state.totals
        text.counter("purge_records_read_total", "Records read from the backlog.", totals.read)
        text.counter("purge_records_deleted_total", "Records deleted.", by: "type", totals.deleted)
        text.counter(
            "purge_data_deleted_total",
            "Records whose data a node confirmed as deleted.",
            by: "type",
            totals.dataDeleted,
            of: [.notDown, .force]
        )
        text.counter("purge_records_failed_total", "Records that failed in a run.", by: "reason", totals.failed)
        text.counter(
            "purge_records_held_total",
            "Records held; one that stays held counts in each run.",
            by: "reason",
            totals.held
        )
        if let held = state.book.heldByLastRun {
            text.family(
                "purge_held_records",
                "gauge",
                "Records held, by the last complete run that no node was left out of."
            ) { family in
                for reason in HoldReason.allCases {
                    family.sample(Double(held[reason] ?? 0), ("reason", reason.rawValue))
                }
            }
        }
        text.counter(
            "purge_records_changed_total",
            "Records that changed between the decision and the deletion, and were skipped.",
            totals.changed
        )
        text.counter(
            "purge_deferrals_failed_total",
            "Failed records that could not be deferred.",
            totals.deferralsFailed
        )
        text.counter(
            "purge_error_answers_total",
            "Answers of nodes that were no confirmation, and requests without an answer.",
            totals.errorAnswers
        )
        describeAnswers(&text)
        text.histogram(
            "purge_delete_duration_seconds",
            "How long nodes took to confirm a deletion.",
            totals.durations
        )
    }

    private func describeAnswers(_ text: inout PrometheusText) {
        var labelled: [String: [String: Int]] = [:]
        for (node, answers) in state.totals.answers {
            let label = state.labelledNodes.contains(node) ? node : NodeSeries.others
            labelled[label, default: [:]].merge(answers, uniquingKeysWith: +)
        }
        text.family(
            "purge_node_answers_total",
            "counter",
            "Requests that ended, by node and by HTTP status, or why there was none."
        ) { family in
            for (node, answers) in labelled.sorted(by: { $0.key < $1.key }) {
                for (answer, count) in answers.sorted(by: { $0.key < $1.key }) {
                    family.sample(Double(count), ("node", node), ("answer", answer))
                }
            }
        }
    }

    private func describeBacklog(_ text: inout PrometheusText) {
        text.gauge(
            "purge_backlog_records",
            "Records of the backlog, held and waiting ones too, as last counted, less what was deleted here since.",
            state.backlog.map { Double($0.records) }
        )
        text.gauge(
            "purge_backlog_waiting_records",
            "Records of the backlog on nodes that are marked as down, as last counted.",
            state.backlog.map { Double($0.waiting) }
        )
        text.gauge(
            "purge_backlog_counted_timestamp_seconds",
            "When the backlog was last counted.",
            state.backlog?.countedAt.seconds
        )
        text.gauge(
            "purge_backlog_oldest_age_seconds",
            "How long ago the oldest record of the backlog was replaced; 0 without a backlog.",
            state.oldestAge?.inSeconds
        )
        text.gauge(
            "purge_age_slo_seconds",
            "The age objective: the oldest obsolete record may be so old (--age-slo).",
            state.program.ageObjective?.inSeconds
        )
        text.gauge(
            "purge_age_slo_margin_seconds",
            "By how much the age objective is met; negative if it is missed.",
            state.ageObjectiveMargin?.inSeconds
        )
    }

    private func describeNodes(_ text: inout PrometheusText) {
        let nodes = NodeSeries.of(state.nodes, labelled: state.labelledNodes)
        func family(_ name: String, _ help: String, _ value: (NodeSeries) -> Double?) {
            text.family(name, "gauge", help) { family in
                for node in nodes {
                    if let value = value(node) { family.sample(value, ("node", node.label)) }
                }
            }
        }
        family("purge_node_requests_in_flight", "Requests that a node is working on.") { Double($0.inFlight) }
        family("purge_node_request_limit", "Requests that a node may have at once.") { Double($0.limit) }
        family("purge_node_records_queued", "Records in memory that wait for their node.") { Double($0.waiting) }
        family("purge_node_latency_seconds", "How long a node usually takes for an answer.") { $0.latency }
        family(
            "purge_node_latency_at_rest_seconds",
            "How long a node takes for an answer when nothing waits; its users feel the difference."
        ) {
            $0.latencyAtRest
        }
        family(
            "purge_node_circuit_open",
            "Nodes whose circuit is open, or that are abandoned for a run: 1 or 0, except under other."
        ) {
            Double($0.cutOff)
        }
    }

    private func describeProcess(_ text: inout PrometheusText) {
        let process = state.process
        text.family("process_cpu_seconds_total", "counter", "User and system time of this process.") {
            $0.sample(process.cpuSeconds)
        }
        text.gauge(
            "process_resident_memory_bytes",
            "Resident memory of this process.",
            process.residentMemory.map { Double($0) }
        )
        text.gauge("process_open_fds", "Open file descriptors of this process.", process.openFiles.map { Double($0) })
        text.gauge("process_start_time_seconds", "When this process started.", state.program.startedAt.seconds)
    }
}

extension Monitor {
    /// The metrics as a file tells them when a run has ended, with the database asked once more.
    package func metrics(exitCode: Int32) async -> String {
        _ = await askDatabase()
        return MetricsDocument(state(), exitCode: exitCode).text
    }
}

extension Timestamp {
    /// Seconds since 1970.
    fileprivate var seconds: Double { Double(rawValue) / 1000 }
}
