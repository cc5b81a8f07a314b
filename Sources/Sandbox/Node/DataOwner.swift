/// Whose data it is, in the terms of the storage that holds it.
package enum DataOwner: Sendable, Hashable {
    /// One record of the Tokenserver database, as MySQL and PostgreSQL storage keys its data.
    case uid(Int64)
    /// One encryption key of one account, as Spanner storage keys its data: no uid and no node in it.
    case account(fxaUID: String, keyID: String)
}
