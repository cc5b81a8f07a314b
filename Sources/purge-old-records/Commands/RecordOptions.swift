import ArgumentParser

/// Which records are meant, and what may be done with them: the same for a purge and for the report on the backlog.
///
/// Numbers are taken as texts and checked later: the parser's own complaint would repeat a wrong value, and a secret
/// that follows an option whose value was forgotten is such a value.
struct RecordOptions: ParsableArguments {
    @Option(
        name: .customLong("grace-period"),
        parsing: .unconditional,
        help: ArgumentHelp(
            "Purge records that were replaced longer ago than this; below 0 means one week.",
            valueName: "time"
        )
    )
    var gracePeriod = "86400"

    @Option(
        name: .customLong("range_start"),
        parsing: .unconditional,
        help: ArgumentHelp("Only uids greater than this.", valueName: "uid")
    )
    var rangeStart: String?

    @Option(
        name: .customLong("range_end"),
        parsing: .unconditional,
        help: ArgumentHelp("Only uids less than this.", valueName: "uid")
    )
    var rangeEnd: String?

    @Flag(help: "Also purge records whose node is marked as down.")
    var force = false

    @Option(
        name: .customLong("override_node"),
        help: ArgumentHelp(
            "With --force: send the deletes of downed nodes' records to this node, to which the data was copied.",
            valueName: "URL"
        )
    )
    var overrideNode: String?

    @Option(
        help: ArgumentHelp(
            "What the storage runs on: mysql (or MariaDB), postgres or spanner, for all nodes; URL=TYPE for one node (repeatable)."
                + " On spanner, records of one user can share their data. Where some nodes are named by URL, records of the"
                + " others are held.",
            valueName: "type"
        ),
        completion: .list(["mysql", "postgres", "spanner"])
    )
    var nodeType: [String] = []

    @Flag(
        help: """
            On spanner: also delete the data of users without a node. Risk: a user who logs in again would have got it \
            back.
            """
    )
    var purgeUnassigned = false

    @Flag(
        help: """
            On spanner: delete a deleted account's record although its data can't be addressed. Risk: the data stays \
            there for ever.
            """
    )
    var acceptUnaddressable = false

    @Option(
        name: .customLong("gone-node"),
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Confirm that this missing node is gone, although more than 1,000 records name it (repeatable)."
                + " Risk: if its row was only lost, its users' data is never deleted.",
            valueName: "id"
        )
    )
    var goneNode: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Hold records of one node of which more than this were replaced in the same millisecond, as by an unassignment"
                + " that was an accident; 0 for no limit.",
            valueName: "n"
        )
    )
    var holdMass = "0"

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Purge the records of this node that --hold-mass holds: they were unassigned on purpose (repeatable). Risk: if not, their users'"
                + " data is lost.",
            valueName: "id"
        )
    )
    var confirmMass: [String] = []

    @Flag(
        help: """
            Hold the last record of each user whose account isn't deleted: where new users aren't allowed, a user without a \
            record can't log in any more.
            """
    )
    var keepLastRecord = false
}
