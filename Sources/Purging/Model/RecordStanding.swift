/// What the database has of a record now, whether it is purgeable or not.
package struct RecordStanding: Sendable, Equatable {
    package let node: NodeID
    package let createdAt: Timestamp
    /// Nil for an active record.
    package let replacedAt: Timestamp?

    package init(node: NodeID, createdAt: Timestamp, replacedAt: Timestamp?) {
        self.node = node
        self.createdAt = createdAt
        self.replacedAt = replacedAt
    }
}
