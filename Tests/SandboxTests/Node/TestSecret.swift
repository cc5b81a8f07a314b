import SyncTokens

/// The secret that the nodes of these tests and their users share, and one that they don't.
enum TestSecret {
    static let value = make("a secret for tests")
    static let other = make("another secret")

    private static func make(_ text: String) -> MasterSecret {
        do {
            return try MasterSecret(text)
        } catch {
            preconditionFailure("\(error)")
        }
    }
}
