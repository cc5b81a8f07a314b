/// One way in which a node misbehaves, and the requests that meet it.
///
/// On the command line and in JSON a fault has the same fields; `Fault(fields:)` lists them.
package struct Fault: Sendable, Hashable {
    /// What happens in place of the node's answer.
    package enum Effect: Sendable, Hashable {
        /// Nothing: the node answers as usual, later or with the headers that this fault adds.
        case asUsual
        /// This status, with a body that says that it is a fault. A 1xx is not an answer and can't be asked for.
        case status(Int)
        case redirect(status: Int, location: String)
        /// The connection is closed without a word.
        case close
        /// The connection stays open and nothing is ever said, until the client gives up.
        case hang
        case garbage(Garbage)
    }

    package enum Garbage: String, Sendable, CaseIterable {
        /// Bytes that no HTTP client can read, then the connection is closed.
        case bytes
        /// A 200 with a web page and without the headers of a storage node, as a captive portal answers.
        case html
        /// A 200 whose body never ends.
        case endless
    }

    /// When the effect sets in.
    package enum Moment: String, Sendable, CaseIterable {
        /// The node does not carry out the request.
        case before
        /// The node carries out the request first; only the answer goes wrong.
        case after
    }

    package var effect: Effect
    package var moment: Moment = .before
    /// Seconds, or a date as HTTP writes it, or whatever a client should choke on.
    package var retryAfter: String?
    /// Seconds, for the header `X-Weave-Backoff`.
    package var backoff: Int?
    /// Seconds, for the header `X-Backoff`.
    package var xBackoff: Int?
    /// Leaves `X-Weave-Timestamp` out, as an answer does that comes from something in front of the node.
    package var bare = false
    /// In place of the plan's latency.
    package var latency: Latency?

    /// Of the requests that meet the other conditions, the share that meets the fault, 0…1.
    package var probability = 1.0
    /// Only requests for these users.
    package var uids: UIDSelection?
    /// Only the first so many requests that meet the other conditions.
    package var times: Int?
    /// Only while more than so many requests are in flight, this one included. A request is in flight while the node is
    /// at work on it: without any latency there are hardly ever more than the machine has cores.
    package var aboveConcurrent: Int?
    /// Only what exceeds this many requests per second; bursts of up to a tenth of a second's worth are let through.
    package var capacityPerSecond: Double?

    package init(_ effect: Effect) {
        self.effect = effect
    }
}
