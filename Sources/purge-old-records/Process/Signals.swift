import Foundation
import Logging
import Purging

/// What signals do: the first SIGTERM or SIGINT asks for a stop, a second one ends the program at once, which loses
/// nothing. SIGHUP reopens the audit log; without one it is taken notice of, so that a closed terminal ends nothing.
/// SIGUSR1 logs what the program is doing.
struct Signals {
    let stopSignal: StopSignal
    let logger: Logger
    /// What SIGHUP asks for; nil for nothing.
    var hangUp: (@Sendable () -> Void)?
    /// What SIGUSR1 asks for.
    var tellState: @Sendable () -> Void = {}

    /// From here on to the end of the process, also for what came since ``SignalTrap/set()``. Returns at once.
    func handle() {
        SignalTrap.forEach { [self] signal in
            switch signal {
            case SIGUSR1: tellState()
            case SIGHUP:
                if let hangUp {
                    hangUp()
                    logger.notice("Reopening the audit log")
                } else {
                    logger.debug("Received SIGHUP; there is nothing to reopen")
                }
            default:
                logger.notice("Stopping: no new records are taken; a second signal ends the program at once")
                stopSignal.request()
            }
        }
    }
}
