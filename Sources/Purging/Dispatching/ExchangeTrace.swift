/// What was asked of a node about one record, and what it said, over all attempts and keys.
package struct ExchangeTrace: Sendable, Equatable {
    /// Requests handed to the client.
    package var requests = 0
    /// The status of the last answer; nil if there was none.
    package var status: Int?
    /// For each confirmation that told it: when the data was last written before, in seconds since 1970; 0 if nothing
    /// was stored.
    package var receipts: [Double] = []
    /// From the first request to the last answer.
    package var duration = Duration.zero

    package init() {}
}
