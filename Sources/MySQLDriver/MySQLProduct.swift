import CMariaDB

/// Which of the two servers that speak this protocol it is; each is called by its own name.
enum MySQLProduct: String {
    case mysql = "MySQL"
    case mariaDB = "MariaDB"

    /// By what the server greeted with.
    init(_ connection: UnsafeMutablePointer<MYSQL>) {
        let version = connection.pointee.server_version.map { String(cString: $0) } ?? ""
        self = version.lowercased().contains("mariadb") ? .mariaDB : .mysql
    }
}
