/// What a node did since it started; exact, however long it runs.
package struct RequestCounters: Sendable, Hashable, Codable {
    /// Requests that were answered or met a fault instead; those of the control interface take no part.
    package internal(set) var requests = 0
    /// Requests by the status that was answered; 0 is no HTTP answer at all.
    package internal(set) var byStatus: [Int: Int] = [:]
    /// DELETEs that were carried out and whose answer said so.
    package internal(set) var deletesConfirmed = 0
    /// DELETEs that were carried out and whose client was told something else, or nothing.
    package internal(set) var deletesUnconfirmed = 0
    /// DELETEs that found data and removed it, whatever was answered.
    package internal(set) var deletesRemovingData = 0
    /// The size of the data that was removed.
    package internal(set) var bytesRemoved = 0
    /// Requests that met a fault.
    package internal(set) var faults = 0
    /// Requests being handled now.
    package internal(set) var inFlight = 0
    /// The most requests that were ever handled at once.
    package internal(set) var maxInFlight = 0
    /// Lines that could not be written to the log file: with any, the file is no witness.
    package internal(set) var linesLost = 0

    mutating func count(_ entry: RequestLogEntry) {
        requests += 1
        byStatus[entry.status, default: 0] += 1
        if entry.fault != nil { faults += 1 }
        if entry.performed {
            if entry.confirmed { deletesConfirmed += 1 } else { deletesUnconfirmed += 1 }
        }
        if entry.removed { deletesRemovingData += 1 }
        bytesRemoved += entry.bytes
    }
}
