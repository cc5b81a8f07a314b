/// The way to the collector: open or not, when it was last looked for, and what got lost on it.
///
/// A value that its owner protects; it does no waiting of its own.
struct StatsdLink {
    static let pauseBetweenAttempts = Duration.seconds(30)

    /// Lines that did not get through.
    private(set) var dropped = 0
    private(set) var hasBeenTried = false
    private var socket: (any DatagramSending)?
    private var lastAttempt: Duration?
    private var hasFailed = false
    private var hasWarned = false
    private var linesOfLastDatagram = 0

    var isOpen: Bool { socket != nil }

    /// Whether the collector should be looked for: not found yet, or lost since, and not tried a moment ago.
    func isAttemptDue(at now: Duration) -> Bool {
        guard socket == nil || hasFailed else { return false }
        guard let lastAttempt else { return true }
        return now - lastAttempt >= Self.pauseBetweenAttempts
    }

    /// Notes how an attempt ended. A way that was open stays so when a new one cannot be found.
    ///
    /// - Returns: What to warn of: the first failure ever, nil after that.
    mutating func finishAttempt(
        _ result: Result<any DatagramSending, TelemetryError>,
        at now: Duration
    ) -> TelemetryError? {
        hasBeenTried = true
        lastAttempt = now
        switch result {
        case .success(let new):
            socket = new
            hasFailed = false
            linesOfLastDatagram = 0
            return nil
        case .failure(let error):
            return firstWarning(error)
        }
    }

    /// Sends what it can; what it cannot is lost, and counted.
    ///
    /// - Returns: What to warn of: the first failure ever, nil after that.
    mutating func send(_ lines: [String]) -> TelemetryError? {
        let (datagrams, tooLong) = StatsdDatagram.pack(lines)
        dropped += tooLong
        var failure: TelemetryError?
        for datagram in datagrams {
            if let error = send(datagram) {
                hasFailed = true
                failure = failure ?? error
            }
        }
        return failure.flatMap { firstWarning($0) }
    }

    /// A refusal is about the datagram before, and holds this one back; it is therefore sent once more.
    private mutating func send(_ datagram: StatsdDatagram) -> TelemetryError? {
        guard let socket else {
            dropped += datagram.lineCount
            return nil
        }
        var failure: TelemetryError?
        for _ in 0..<2 {
            do {
                try socket.send(datagram.bytes)
                linesOfLastDatagram = datagram.lineCount
                return failure
            } catch {
                failure = error
                guard error == .refused else { break }
                dropped += linesOfLastDatagram
                linesOfLastDatagram = 0
            }
        }
        dropped += datagram.lineCount
        return failure
    }

    private mutating func firstWarning(_ error: TelemetryError) -> TelemetryError? {
        guard !hasWarned else { return nil }
        hasWarned = true
        return error
    }
}
