/// A way to one receiver of datagrams.
protocol DatagramSending: Sendable {
    /// Hands one datagram to the system, or fails at once; never waits.
    func send(_ bytes: [UInt8]) throws(TelemetryError)
}
