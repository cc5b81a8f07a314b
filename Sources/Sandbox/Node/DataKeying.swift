/// How a node's storage keys its data.
package enum DataKeying: String, Sendable, CaseIterable {
    /// By the numeric uid: MySQL and PostgreSQL.
    case uid
    /// By the account and its key id: Spanner.
    case account
}
