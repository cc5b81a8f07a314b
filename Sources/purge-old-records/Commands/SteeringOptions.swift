import ArgumentParser

/// When to purge, changed without a restart.
struct SteeringOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "While this file exists, nothing new is sent; confirmed deletions are committed. Looked for once a second.",
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
