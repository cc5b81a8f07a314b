package import CoreMetrics
package import Logging
package import Purging

/// Compares the age of the backlog with a promise, each time that it is counted: everything obsolete is gone within a
/// time, counted from when it was replaced.
package struct PromiseObserver: RunObserver {
    private let promise: Duration
    private let logger: Logger
    private let margin: Gauge?

    /// - Parameter factory: where the gauge `purge.promise_margin_s` goes; nil for nowhere.
    package init(promise: Duration, logger: Logger, factory: (any MetricsFactory)?) {
        self.promise = promise
        self.logger = logger
        margin = factory.map { Gauge(label: "purge.promise_margin_s", factory: $0) }
    }

    package func observe(_ event: RunEvent) {
        guard case .backlogCounted(let size, let now) = event else { return }
        let age = size.oldest.map { max(.zero, now.since($0)) } ?? .zero
        let left = promise - age
        margin?.record(left.inSeconds)
        let fields: Logger.Metadata = [
            "oldest_age_s": .stringConvertible(Int(age.inSeconds)),
            "promise_s": .stringConvertible(Int(promise.inSeconds)),
        ]
        if left < .zero {
            logger.warning("The promise is broken: something obsolete is there for longer", metadata: fields)
        } else {
            logger.info("The promise is kept", metadata: fields)
        }
    }
}
