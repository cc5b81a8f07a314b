/// What the control interface tells about a node.
package struct NodeStatistics: Sendable, Hashable, Codable {
    /// What tokens have to name.
    package var url: String
    /// How many users have data.
    package var users: Int
    /// The size of everybody's data.
    package var bytes: Int
    package var counters: RequestCounters
}
