package import NIOCore

/// Turns a host's name into its addresses.
package protocol NameResolver: Sendable {
    /// At least one address, or an error. Called off the event loops; may take as long as it likes.
    func addresses(of host: String, port: Int) async throws -> [SocketAddress]
}

/// A name that has no addresses, as far as can be found out now.
package struct NameUnknown: Error, Sendable, Equatable {
    /// Whether it may be known in a moment: the system's name servers gave no answer.
    package let isTemporary: Bool

    package init(isTemporary: Bool) { self.isTemporary = isTemporary }
}
