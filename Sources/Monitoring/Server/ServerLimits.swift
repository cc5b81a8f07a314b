package import NIOCore

/// What one server spends on those who ask, whoever they are and however many.
package struct ServerLimits: Sendable {
    /// Connections at once; the oldest one gives way to a new one.
    package var connections = 128
    /// How long a connection may last, however slow its client is.
    package var lifetime = TimeAmount.seconds(10)
    /// Connections accepted per second. Each gets one answer.
    package var rate = 500.0
    /// Connections accepted at once after a quiet time.
    package var burst = 100.0

    package init() {}
}
