/// What the database has of a record now, whether it is purgeable or not.
package struct RecordStanding: Sendable, Equatable {
    package let node: NodeID
    package let createdAt: Milliseconds
    /// Nil for an active record.
    package let replacedAt: Milliseconds?

    package init(node: NodeID, createdAt: Milliseconds, replacedAt: Milliseconds?) {
        self.node = node
        self.createdAt = createdAt
        self.replacedAt = replacedAt
    }
}
