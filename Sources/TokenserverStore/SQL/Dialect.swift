/// The few things in which the databases differ.
package struct Dialect: Sendable {
    package enum Name: Sendable {
        case sqlite
        /// MariaDB too.
        case mysql
        case postgres
    }

    /// What follows (service, replaced_at) in the order of the index on them.
    package enum TieOrder: Sendable {
        /// The primary key: such are the secondary indexes of InnoDB and SQLite.
        case uid
        /// Where the row lies in its table (`ctid`): such are PostgreSQL's.
        case rowLocation
    }

    package var name: Name
    /// The placeholder of the n-th bound value, counted from 1.
    package var placeholder: @Sendable (Int) -> String
    /// What follows a SELECT whose rows are about to be changed; it waits for locks of others.
    package var lockingClause: String
    /// The same, but rows that others hold are left out.
    package var skippingClause: String
    /// The server's clock, in milliseconds since 1970.
    package var currentMilliseconds: String
    package var tieOrder: TieOrder
    /// Whether entries of secondary indexes are locked on their own, as InnoDB does.
    package var locksIndexEntries: Bool
    /// Asks for 1 where the server can't be written to, so that what is read there may be old; nil where that can't be.
    package var readOnlyCheck: String?

    package init(
        name: Name,
        placeholder: @escaping @Sendable (Int) -> String,
        lockingClause: String,
        skippingClause: String,
        currentMilliseconds: String,
        tieOrder: TieOrder,
        locksIndexEntries: Bool,
        readOnlyCheck: String?
    ) {
        self.name = name
        self.placeholder = placeholder
        self.lockingClause = lockingClause
        self.skippingClause = skippingClause
        self.currentMilliseconds = currentMilliseconds
        self.tieOrder = tieOrder
        self.locksIndexEntries = locksIndexEntries
        self.readOnlyCheck = readOnlyCheck
    }

    package static let sqlite = Dialect(
        name: .sqlite,
        placeholder: { _ in "?" },
        // The whole database is locked already.
        lockingClause: "",
        skippingClause: "",
        currentMilliseconds: "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)",
        tieOrder: .uid,
        locksIndexEntries: false,
        readOnlyCheck: nil
    )

    /// MySQL and MariaDB.
    package static let mysql = Dialect(
        name: .mysql,
        placeholder: { _ in "?" },
        lockingClause: " FOR UPDATE",
        skippingClause: " FOR UPDATE SKIP LOCKED",
        currentMilliseconds: "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6)) DIV 1000",
        tieOrder: .uid,
        locksIndexEntries: true,
        // Aurora's readers have InnoDB's own switch. MariaDB has got words for the other one.
        readOnlyCheck: "SELECT @@global.innodb_read_only OR CONCAT(@@global.read_only) NOT IN ('0', 'OFF')"
    )

    package static let postgres = Dialect(
        name: .postgres,
        placeholder: { "$\($0)" },
        lockingClause: " FOR UPDATE",
        skippingClause: " FOR UPDATE SKIP LOCKED",
        currentMilliseconds: "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000)::BIGINT",
        tieOrder: .rowLocation,
        locksIndexEntries: false,
        readOnlyCheck: "SELECT CASE WHEN pg_is_in_recovery() THEN 1 ELSE 0 END"
    )

    /// What tells Tokenserver users apart, as the database matches their e-mails: MySQL's usual collations don't mind the
    /// case.
    func userName(of alias: String) -> String {
        name == .mysql ? "LOWER(\(alias).email) AS user_name" : "\(alias).email AS user_name"
    }
}
