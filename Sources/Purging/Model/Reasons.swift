/// Why a record may be deleted, in the words of the metric `delete_user`.
package enum DeletionKind: String, Sendable, CaseIterable {
    /// Its node is gone from `nodes`; there is no data to delete.
    case nodeless
    /// Its node confirmed the deletion of the data.
    case notDown = "not_down"
    /// Its node is marked as down and the deletion was forced; the node, or the override node, confirmed it.
    case force
    /// The data belongs to an active record, so only the record goes.
    case sharedData = "shared_data"
    /// The data can't be addressed and stays where it is; the operator allowed it.
    case unaddressable
}

/// Why a record is left as it is although it is purgeable. Each has a remedy that an operator can take.
package enum HoldReason: String, Sendable, CaseIterable {
    case unaddressable
    case revivable
    case sharedData = "shared_data"
    case unnamedStorage = "unnamed_storage"
    case goneNode = "gone_node"
    case massUnassigned = "mass_unassigned"
    case lastRecord = "last_record"
    case notFound = "not_found"
    case writtenSince = "written_since"

    /// What an operator can do about it, in one line.
    package var remedy: String {
        switch self {
        case .unaddressable:
            "name the storage with --node-type; on spanner, --accept-unaddressable deletes the record"
                + " although its data can't be found"
        case .revivable:
            "the user's next login gets this data back; --purge-unassigned deletes it all the same"
        case .sharedData:
            "the data may be an active record's, or become it; name the storage with --node-type, wait for the user's"
                + " next login, or correct the account's malformed record, if it has one"
        case .unnamedStorage:
            "--node-type names other storages by URL, but not this one; name it with --node-type URL=TYPE"
        case .goneNode:
            "more than 1,000 records name a node that is not in nodes; confirm that it is gone with --gone-node ID"
        case .massUnassigned:
            "more records of one node than --hold-mass allows were replaced in the same millisecond, as by an unassignment; confirm"
                + " that it was meant with --confirm-mass NODE_ID"
        case .lastRecord:
            "it is the user's last record, and --keep-last-record keeps those: the user's next login ends it"
        case .notFound:
            "the node answered 404; correct the node's URL, or use --accept-404 if the node means \"nothing there\""
        case .writtenSince:
            "the data was written after the record was replaced; the hold ends after --quiet-time without a write;"
                + " --no-write-check deletes it at once"
        }
    }
}

/// Why a record waits without anyone's doing.
package enum WaitReason: String, Sendable, CaseIterable {
    /// Its node is marked as down.
    case nodeDown = "node_down"
    /// The last record of a deleted account goes after the account's other records.
    case tombstoneLast = "tombstone_last"

    /// What an operator can do about it, in one line.
    package var remedy: String {
        switch self {
        case .nodeDown:
            "clear downed in the node's row once it is back, or use --force, with --override_node if its data was copied"
        case .tombstoneLast: "it goes after its account's other records: see what those wait for"
        }
    }
}

/// Why a record could not be purged, in the words of the metric `row_failure`: a closed set, named at the edge.
package enum FailureReason: String, Sendable, CaseIterable {
    case http4xx = "http_4xx"
    case http5xx = "http_5xx"
    case httpOther = "http_other"
    case timeout
    case connect
    case malformed
    case misrouted
    /// What its node was asked for, if anything, is done, but another transaction held the record for too long.
    case recordLocked = "record_locked"
    /// What its node was asked for, if anything, is done, but the database refuses to delete the record.
    case databaseRefused = "database_refused"
    case unknown

    /// What an operator can do about it, in one line.
    package var remedy: String {
        switch self {
        case .http4xx: "the node refuses these requests; look into its log"
        case .http5xx, .timeout: "the node had trouble with just these records; look into its log"
        case .httpOther, .misrouted: "something else than a storage node answered; correct the node's URL or the proxy"
        case .connect: "the node can't be reached; mark it as down, or mend it"
        case .malformed:
            "a field of the record, or its node's URL, is not valid: correct what backlog --list names; deleted by hand, its data would stay"
        case .recordLocked: "another session of the database holds the record; end it, and purge again"
        case .databaseRefused: "the log has the database's words; mend what refuses, such as a trigger or a foreign key"
        case .unknown: "see the log"
        }
    }
}
