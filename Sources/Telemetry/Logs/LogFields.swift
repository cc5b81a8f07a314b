import Logging

/// The fields of one log line, gathered from everywhere that may add some.
///
/// The call's own metadata beats the provider's, which beats the logger's. An error given with the call becomes the
/// field `error`, unless the metadata has one of that name.
struct LogFields {
    let sorted: [(key: String, value: Logger.MetadataValue)]

    init(of event: LogEvent, logger: Logger.Metadata, provider: Logger.MetadataProvider?) {
        var fields = logger
        if let provider {
            fields.merge(provider.get()) { _, new in new }
        }
        if let metadata = event.metadata {
            fields.merge(metadata) { _, new in new }
        }
        if let error = event.error, fields["error"] == nil {
            fields["error"] = .string("\(error)")
        }
        sorted = fields.sorted { $0.key < $1.key }
    }
}
