import ArgumentParser

/// When to purge, changed without a restart.
struct SteeringOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "While this file exists, nothing new is sent; confirmed deletions are committed. \"rate 20\" in it means at most"
                + " 20 a second instead, \"50%\" half the limits of the nodes. Looked for once a second.",
            valueName: "file"
        ),
        completion: .file()
    )
    var pauseFile: String?

    @Option(
        help: ArgumentHelp(
            "Send only within this time of the day, such as \"Mon-Fri 22:00-06:00 Europe/Berlin\"; UTC if no zone is"
                + " named. Can be repeated.",
            valueName: "window"
        )
    )
    var window: [String] = []
}
