/// Brings every spelling of an option to the one that the parser knows: each option with `_` may be written with `-`,
/// and the other way round; some have the names that other tools of the kind give them.
enum ArgumentSpelling {
    /// The options whose own spelling has underscores, as in the original.
    private static let underscored = [
        "--override_node", "--range_start", "--range_end", "--human_logs", "--metric_host", "--metric_port",
    ]

    /// gh-ost, restic and many others say `--dry-run`, and pt-archiver `--run-time`.
    private static let synonyms = ["--dry-run": "--dryrun", "--run-time": "--max-runtime"]

    /// Nothing behind a lone `--` is changed, nor any value.
    static func canonical(_ arguments: [String]) -> [String] {
        var isBehindTerminator = false
        return arguments.map { argument in
            isBehindTerminator = isBehindTerminator || argument == "--"
            if isBehindTerminator || !argument.hasPrefix("--") { return argument }
            let name = argument.prefix { $0 != "=" }
            let hyphenated = String(name.map { $0 == "_" ? "-" : $0 })
            let known = underscored.first { $0.replacing("_", with: "-") == hyphenated }
            return (known ?? synonyms[hyphenated] ?? hyphenated) + argument.dropFirst(name.count)
        }
    }
}
