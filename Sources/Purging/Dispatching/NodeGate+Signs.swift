/// What a gate is told and what it says.
extension NodeGate {
    package struct Settings: Sendable, Equatable {
        /// The most requests in flight, `--concurrency`.
        package var ceiling = 32
        /// Requests in flight before anything is known of the node: few enough to see its own pace.
        package var firstLimit = 2

        /// How much of its time may be taken from others who use the node.
        package var urgency = Urgency.high
        /// A moment at which a minute began by the machine's clock.
        var minuteBegan: Instant?

        var concurrency: ConcurrencyLimit.Settings {
            var settings = ConcurrencyLimit.Settings(urgency)
            settings.minuteBegan = urgency == .high ? nil : minuteBegan
            settings.ceiling = ceiling
            settings.first = firstLimit
            return settings
        }

        /// Failures in a row that open the circuit.
        package var failuresToOpen = 5
        var firstCoolDown = Duration.seconds(5)
        var longestCoolDown = Duration.seconds(60)
        /// Probes that may fail before the node is abandoned for the run.
        package var probesPerRun = 3
        /// The longest pause that a node may ask for; a node that wants a longer one is abandoned for the run.
        var longestBackoff = Duration.seconds(120)
        /// So often it may ask for quiet without a good answer between, before it is abandoned.
        var quietsToAbandon = 3
        /// How long a node stays abandoned before it is probed again in the same run; doubled each time, up to the second.
        var firstAbsence = Duration.seconds(60)
        var longestAbsence = Duration.seconds(900)
        /// A shorter time that it asks for doesn't count among those.
        var shortestQuiet = Duration.seconds(5)
        /// The longest time for which it is left in quiet, whatever it asks for.
        var longestQuiet = Duration.seconds(3600)
        /// Definite refusals in a row, without a good answer between, that open the circuit.
        var refusalsToOpen = 8
        /// Good answers during a request that ran into its time limit, from which on that is no failure of the node.
        var goodAnswersToBlameTheRecord = 20

        package init() {}
    }

    /// Whether a request may be sent now.
    enum Permission: Sendable, Equatable {
        case go
        /// One request, to find out whether the node has recovered.
        case probe
        /// One request beyond the limit, to find out whether the node hangs or only the records that it has.
        case trial
        /// Nothing before this moment.
        case waitUntil(Instant)
        /// Not until a request in flight ends.
        case full
        /// Not in this run any more.
        case abandoned

        var mayGo: Bool { self == .go || self == .probe || self == .trial }
    }

    package enum TroubleReason: String, Sendable {
        case unreachable
        case misrouted
        case serverErrors = "server_errors"
        case refusesEverything = "refuses_everything"
        case decommissioned
        case longPause = "long_pause"
        case keepsAskingForQuiet = "keeps_asking_for_quiet"
        case overloaded
    }

    /// What an answer says about the node, whatever it means for the record.
    package enum Sign: Sendable, Equatable {
        /// It deleted what it was asked to.
        case good
        /// It answered about this one record.
        case neutral
        /// It refused to do it.
        case refusal
        /// It has too much to do.
        case overloaded
        case failed(TroubleReason)
    }

    /// What changed for the node as a whole, for those who watch.
    package enum Change: Sendable, Equatable {
        case circuitOpen(TroubleReason, for: Duration)
        /// Its circuit stays open, until the next probe in this time.
        case probeFailed(TroubleReason, nextIn: Duration)
        case recovered
        /// Nothing is sent to it until it is probed again, in this run or the next.
        case abandoned(TroubleReason)
    }
}

extension NodeGate.TroubleReason {
    /// In words.
    package var text: String {
        switch self {
        case .unreachable: "it can't be reached"
        case .misrouted: "something else answers there"
        case .serverErrors: "it answers with errors"
        case .refusesEverything: "it refuses everything"
        case .decommissioned: "it is decommissioned"
        case .longPause: "it asked for a long pause"
        case .keepsAskingForQuiet: "it asks for quiet again and again"
        case .overloaded: "it is overloaded"
        }
    }
}
