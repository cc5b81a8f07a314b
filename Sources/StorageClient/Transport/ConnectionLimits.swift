/// How many connections to a node there may be, and how long they live.
struct ConnectionLimits: Sendable {
    var count = 32
    /// Connections to all nodes.
    var total = Int.max
    /// No request begins on an older connection.
    var age = Duration.seconds(300)
    /// An idle connection is closed after this.
    var idle = Duration.seconds(60)
    /// How often a node's addresses are looked up while there are connections to it.
    var lookUps = Duration.seconds(10)
}
