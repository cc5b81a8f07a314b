import ArgumentParser

/// How to speak to the storage nodes, and what to believe them. Numbers are texts here, as in ``RecordOptions``.
struct NodeOptions: ParsableArguments {
    @Option(
        name: .customLong("request-timeout"),
        parsing: .unconditional,
        help: ArgumentHelp("For one request to a node.", valueName: "time")
    )
    var requestTimeout = "60"

    @Option(
        name: .customLong("connect-timeout"),
        parsing: .unconditional,
        help: ArgumentHelp(
            "For a connection to a node, name resolution included.",
            valueName: "time"
        )
    )
    var connectTimeout = "5"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Requests in flight to one node, at most.", valueName: "n")
    )
    var concurrency = "32"

    @Option(
        help: ArgumentHelp(
            "How much of a node's time may be taken from its users: low yields as soon as answers take noticeably longer,"
                + " normal lets a short queue stand, high takes all that the node can do.",
            valueName: "low|normal|high"
        ),
        completion: .list(["low", "normal", "high"])
    )
    var urgency = "low"

    @Option(
        name: .customLong("max-attempts"),
        parsing: .unconditional,
        help: ArgumentHelp("Tries for each record and run.", valueName: "n")
    )
    var maxAttempts = "4"

    @Option(
        name: .customLong("token-duration"),
        parsing: .unconditional,
        help: ArgumentHelp("Life of Tokenserver's tokens, for the write check.", valueName: "time")
    )
    var tokenDuration = "3600"

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Data that was written after its record was replaced is deleted once nobody has written it for so long, and no"
                + " login leads to it; 0 for never.",
            valueName: "time"
        )
    )
    var quietTime = "30d"

    @Flag(
        name: .customLong("no-write-check"),
        help: """
            Don't ask nodes to refuse if the data was written after the record was replaced. Risk: such data is deleted.
            """
    )
    var noWriteCheck = false

    @Flag(
        name: .customLong("accept-404"),
        help: "Count 404 as deleted. Risk: a proxy that misroutes answers 404 too, and the data stays."
    )
    var accept404 = false

    @Flag(
        name: .customLong("accept-bare-2xx"),
        help: """
            Count 200 and 204 without X-Weave-Timestamp as deleted, on a node that never sent one. Risk: something else \
            than a storage node may have answered, and the data stays.
            """
    )
    var acceptBare2xx = false

    @Option(
        help: ArgumentHelp(
            "PEM file of the certificate authorities for the nodes. (default: REQUESTS_CA_BUNDLE, SSL_CERT_FILE)",
            valueName: "file"
        ),
        completion: .file()
    )
    var caFile: String?
}
