import ArgumentParser

/// What is logged, and how.
struct LogOptions: ParsableArguments {
    @Flag(
        name: .customLong("human_logs"),
        help: "Log lines as text even where nobody reads along; a terminal gets text anyway. (default: SYNC_HUMAN_LOGS)"
    )
    var humanLogs = false

    @Flag(name: .shortAndLong, help: "Log more: once for info, twice for debug.")
    var verbose: Int
}
