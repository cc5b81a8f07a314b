/// Which records a page of the backlog may hold.
package struct BacklogScope: Sendable, Equatable {
    /// Records replaced strictly before this are purgeable.
    package var cutoff: Timestamp
    /// Only uids greater than this (exclusive, as the original's `--range_start`).
    package var uidsAbove: UID?
    /// Only uids less than this (exclusive, as the original's `--range_end`).
    package var uidsBelow: UID?
    /// Only uids of this share; nil for all.
    package var shard: Shard?

    package init(cutoff: Timestamp, uidsAbove: UID? = nil, uidsBelow: UID? = nil, shard: Shard? = nil) {
        self.cutoff = cutoff
        self.uidsAbove = uidsAbove
        self.uidsBelow = uidsBelow
        self.shard = shard
    }

    package var limitsUIDs: Bool { uidsAbove != nil || uidsBelow != nil || shard != nil }

    package func contains(_ record: UserRecord) -> Bool {
        guard let replacedAt = record.replacedAt, replacedAt < cutoff else { return false }
        return contains(record.uid)
    }

    package func contains(_ uid: UID) -> Bool {
        uidsAbove.map { uid > $0 } ?? true && uidsBelow.map { uid < $0 } ?? true && shard?.contains(uid) ?? true
    }
}

/// Which nodes' records a page may hold. Records of nodes that are gone count under the id that they name.
package enum NodeFilter: Sendable, Equatable {
    case all
    case excluding(Set<NodeID>)
    case only(Set<NodeID>)

    package func contains(_ node: NodeID) -> Bool {
        switch self {
        case .all: true
        case .excluding(let nodes): !nodes.contains(node)
        case .only(let nodes): nodes.contains(node)
        }
    }
}

/// Whose records a page may hold.
package enum AccountFilter: Sendable, Equatable {
    case all
    /// Of deleted accounts: those with a record that was retired.
    case deleted
}

/// One page to read: at most `limit` records after `cursor` and not beyond `bound`, in the order of their keys.
package struct BacklogQuery: Sendable, Equatable {
    package var scope: BacklogScope
    package var nodes: NodeFilter
    package var accounts = AccountFilter.all
    package var cursor: BacklogKey?
    /// The last place that belongs to the pass (inclusive); nil for the end of the backlog.
    package var bound: BacklogKey?
    package var limit: Int

    package init(
        scope: BacklogScope,
        nodes: NodeFilter = .all,
        accounts: AccountFilter = .all,
        cursor: BacklogKey? = nil,
        bound: BacklogKey? = nil,
        limit: Int
    ) {
        self.scope = scope
        self.nodes = nodes
        self.accounts = accounts
        self.cursor = cursor
        self.bound = bound
        self.limit = limit
    }
}

/// What a read of the backlog found.
package struct BacklogPage: Sendable {
    /// In the order of their keys.
    package let entries: [BacklogEntry]
    /// How far the read looked: every matching record up to here is in `entries` or was in an earlier page. Nil when
    /// it looked as far as the query's end.
    package let examinedUpTo: BacklogKey?
    /// Records that a plan names, but which are not any more as it has them.
    package let changed: [Missing]

    /// A record that is not as it was said to be, and its place.
    package struct Missing: Sendable, Equatable {
        package let uid: UID
        package let node: NodeID
        package let key: BacklogKey

        /// Whether there is no such record any more.
        package let isGone: Bool

        package init(uid: UID, node: NodeID, key: BacklogKey, isGone: Bool) {
            self.uid = uid
            self.node = node
            self.key = key
            self.isGone = isGone
        }
    }

    package init(entries: [BacklogEntry], examinedUpTo: BacklogKey?, changed: [Missing] = []) {
        self.entries = entries
        self.examinedUpTo = examinedUpTo
        self.changed = changed
    }
}

/// How large the backlog is, counted beside a run.
package struct BacklogSize: Sendable, Equatable {
    /// Purgeable records, those that wait for a downed node included.
    package var purgeable: Int
    /// Of these, the records whose node is marked as down.
    package var waitingForDownedNodes: Int
    /// When the oldest of them was replaced; nil for an empty backlog.
    package var oldest: Timestamp?
    /// Into how many shares it is split, of which the run purges one.
    package var shares = 1

    /// About how many records the run can purge: its share of those that don't wait for a downed node.
    package var toPurge: Int { (purgeable - waitingForDownedNodes) / max(1, shares) }

    package init(purgeable: Int, waitingForDownedNodes: Int, oldest: Timestamp?) {
        self.purgeable = purgeable
        self.waitingForDownedNodes = waitingForDownedNodes
        self.oldest = oldest
    }
}
