/// What a gate is told and what it says.
extension NodeGate {
    /// Whether a request may be sent now.
    package enum Permission: Sendable, Equatable {
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
        case recovered
        case abandoned(TroubleReason)
    }
}
