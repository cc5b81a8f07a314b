import ArgumentParser
import Foundation

/// The program: reads its arguments and its environment, runs a command, and exits with its code.
@main
enum Main {
    static func main() async {
        // Writing to a closed pipe, or beyond the limit of a file's size, is an error to handle, not a reason to die.
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
        StandardOutput.keepDescriptors()
        FileLimit.raise()
        // Swift reads them from /proc. Without it there are none, not even the program's name, and nobody may take that for a
        // call without options: a --dryrun would be lost.
        guard !CommandLine.arguments.isEmpty else {
            Logs.complain("purge-old-records: the arguments can't be read, as /proc is not mounted", "mount it")
            exit(EXIT_FAILURE)
        }
        let environment = ProcessInfo.processInfo.environment
        let arguments = ArgumentSpelling.canonical(Array(CommandLine.arguments.dropFirst()))
        if let first = arguments.first, ["-h", "--help", "help"].contains(first), arguments.count == 1 {
            // The default subcommand's help is what everyone wants to see.
            exit(show(Help.text))
        }
        // What the library answers for every program, for one that is described with its default subcommand's options.
        switch arguments.first {
        case "--experimental-dump-help": ManualCommand.exit(withParsing: arguments)
        case "--generate-completion-script": CompletedCommand.exit(withParsing: arguments)
        default: break
        }
        do {
            switch try RootCommand.parseAsRoot(arguments) {
            case let purge as PurgeCommand:
                SignalTrap.set()
                var settings = try PurgeSettings(purge, environment: environment)
                let isListening = settings.monitoring.address != nil
                settings.limit(connections: try FileLimit.connections(isListening: isListening))
                finish(await PurgeProgram(settings: settings).run())
            case let backlog as BacklogCommand:
                SignalTrap.set()
                let settings = try BacklogSettings(backlog, environment: environment)
                _ = try FileLimit.connections()
                finish(await BacklogProgram(settings: settings).run())
            case let audit as AuditCommand:
                finish(await AuditProgram(settings: try AuditSettings(audit, environment: environment)).run())
            case var other:
                try other.run()
                exit(EXIT_SUCCESS)
            }
        } catch {
            exit(report(error))
        }
    }

    /// Ends the program without the libraries' own cleaning up: a connection that is just being closed, on its own thread,
    /// would find TLS gone, and its crash would replace the exit code.
    private static func finish(_ code: Int32) -> Never {
        fflush(nil)
        _exit(code)
    }

    /// Prints what was asked for (help, version), or one line that says what is wrong and one that says what to do.
    private static func report(_ error: any Error) -> Int32 {
        if let error = error as? UsageError {
            Logs.complain("purge-old-records: \(error.problem)", error.remedy)
            return ExitCode.validationFailure.rawValue
        }
        if let error = error as? FileLimit.TooLow {
            Logs.complain("purge-old-records: \(error)")
            return EXIT_FAILURE
        }
        let code = RootCommand.exitCode(for: error)
        if code.isSuccess {
            let text = RootCommand.fullMessage(for: error)
            return show(text == RootCommand.helpMessage(for: PurgeCommand.self) ? Help.text : text)
        }
        let problem = RootCommand.message(for: error).split(separator: "\n").first ?? "wrong arguments"
        Logs.complain("purge-old-records: \(problem)", "see purge-old-records --help for what there is")
        return code.rawValue
    }

    private static func show(_ text: String) -> Int32 {
        do {
            try StandardOutput.write(line: text)
            try StandardOutput.flush()
            return EXIT_SUCCESS
        } catch {
            if !(error is StandardOutput.Closed) { Logs.complain("purge-old-records: \(error)") }
            return EXIT_FAILURE
        }
    }
}

extension ParsableCommand {
    /// Prints what these arguments ask the library for, or what is wrong with them.
    fileprivate static func exit(withParsing arguments: [String]) -> Never {
        do {
            _ = try parseAsRoot(arguments)
            exit()
        } catch {
            exit(withError: error)
        }
    }
}
