package import Logging
package import Purging

/// Compares the age of the oldest obsolete record with the objective of `--age-slo`, each time that the backlog is counted.
package struct AgeObjectiveObserver: RunObserver {
    private let objective: Duration
    private let logger: Logger

    package init(objective: Duration, logger: Logger) {
        self.objective = objective
        self.logger = logger
    }

    package func observe(_ event: RunEvent) {
        guard case .backlogCounted(let size, let now) = event else { return }
        let age = size.oldest.map { max(.zero, now.since($0)) } ?? .zero
        let margin = objective - age
        let fields: Logger.Metadata = [
            "oldest_age_s": .stringConvertible(Int(age.inSeconds)),
            "age_slo_s": .stringConvertible(Int(objective.inSeconds)),
        ]
        if margin < .zero {
            logger.warning(
                "The age objective is missed: the oldest obsolete record is older than --age-slo allows",
                metadata: fields
            )
        } else {
            logger.info("The age objective is met", metadata: fields)
        }
    }
}
