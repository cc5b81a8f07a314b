/// `--max-records`: how many records' data may be deleted in a run, never one more.
///
/// A place is reserved when a record's first request is sent, kept whatever may have happened to the request, and
/// given back only when the node surely deleted nothing.
struct SendBudget: Sendable {
    /// Nil for no limit.
    private let total: Int?
    private var reserved = 0

    init(total: Int?) { self.total = total }

    var isLimited: Bool { total != nil }

    var isExhausted: Bool { total.map { reserved >= $0 } ?? false }

    mutating func reserve() { reserved += 1 }

    mutating func giveBack() { reserved -= 1 }
}
