package import Logging

/// Logs a line for each event, in a format.
package struct LineLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let format: LogFormat
    private let output: LogOutput

    package init(
        _ format: LogFormat,
        output: LogOutput,
        level: Logger.Level,
        metadataProvider: Logger.MetadataProvider? = nil
    ) {
        self.format = format
        self.output = output
        logLevel = level
        self.metadataProvider = metadataProvider
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let fields = LogFields(of: event, logger: metadata, provider: metadataProvider).sorted
        output.write(line: format.line(event.level, "\(event.message)", fields, at: output.now))
    }
}
