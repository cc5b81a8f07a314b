import ArgumentParser
import Foundation

/// The help of the default subcommand: what the library makes of its options, with examples before them.
enum Help {
    static var text: String {
        let text = RootCommand.helpMessage(for: PurgeCommand.self)
        guard let options = text.range(of: "\nARGUMENTS:") else { return text + "\n" + examples }
        return text[..<options.lowerBound] + "\n" + examples + "\n" + text[options.lowerBound...]
    }

    /// No line is longer than eighty columns.

    private static let examples = """
        EXAMPLES:
          What is there to purge? Changes nothing, needs no secret:
            export SYNC_TOKENSERVER__DATABASE_URL=mysql://purge@127.0.0.1/tokenserver
            purge-old-records backlog

          What would a run delete? Sends nothing, writes nothing but the plan:
            purge-old-records --oneshot --dryrun --plan plan.jsonl

          One run, for cron: at most four hours, its result as JSON:
            purge-old-records --oneshot --max-runtime 4h --json \\
              --secret-file /etc/syncstorage/master-secret

          A service with a status page, metrics and an age objective, at night only:
            purge-old-records --listen 9464 --age-slo 30d \\
              --window "22:00-06:00 Europe/Berlin" \\
              --secret-file /etc/syncstorage/master-secret

          Storage on Spanner, each deletion written down before it is sent:
            purge-old-records --oneshot --node-type spanner --audit-log audit.log \\
              --secret-file /etc/syncstorage/master-secret
        """
}
