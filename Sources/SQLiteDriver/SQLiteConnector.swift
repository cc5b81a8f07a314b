import Foundation
import GRDB
import Support
package import TokenserverStore

/// Opens connections to a SQLite file.
package struct SQLiteConnector: SQLConnector {
    /// How long a statement waits for other clients of the file before it fails as busy.
    private static let busyTimeout: TimeInterval = 5

    package let path: String
    private let createsFile: Bool

    /// - Parameter createsFile: whether a missing file is made; else it is an error, as an empty database is surely not
    ///   what was meant.
    package init(path: String, createsFile: Bool = false) {
        self.path = URL(filePath: path).standardizedFileURL.path
        self.createsFile = createsFile
    }

    package var name: String { "SQLite \(path)" }

    package func connect(_ options: ConnectionOptions) async throws -> any SQLConnection {
        // Looks into the file, and waits for those who have it locked.
        try await SerialQueue(label: "purge-old-records.sqlite.opening").run { try open(options) }
    }

    private func open(_ options: ConnectionOptions) throws -> SQLiteConnection {
        try checkFile()
        var configuration = Configuration()
        configuration.readonly = options.readOnly
        configuration.busyMode = .timeout(Self.busyTimeout)
        configuration.label = "purge-old-records"
        // A transaction that can't be rolled back is a connection of no more use, not the program's end.
        configuration.allowsUnsafeTransactions = true
        do {
            return SQLiteConnection(try DatabaseQueue(path: path, configuration: configuration))
        } catch let error as DatabaseError {
            let text = "can't open the SQLite database \(path): \(SQLiteSession.text(error))"
            throw error.resultCode == .SQLITE_NOTADB ? SQLError.refused(text) : SQLError.unreachable(text)
        }
    }

    private func checkFile() throws(SQLError) {
        if createsFile { return }
        var isDirectory: ObjCBool = false
        if !FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) {
            throw .refused("there is no SQLite database \(path); check the database URL")
        }
        if isDirectory.boolValue {
            throw .refused("\(path) is a directory, not a SQLite database; check the database URL")
        }
        if !FileManager.default.isReadableFile(atPath: path) {
            throw .refused("the SQLite database \(path) can't be read; check its permissions")
        }
    }
}
