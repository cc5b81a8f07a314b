import ArgumentParser
import SQLiteDriver
import TokenserverStore

/// A database that was named on the command line.
struct SandboxDatabase {
    let connector: any SQLConnector

    init(_ url: String, createsFile: Bool) throws {
        do {
            switch try DatabaseURL(url) {
            case .sqlite(let path): connector = SQLiteConnector(path: path, createsFile: createsFile)
            }
        } catch {
            throw ValidationError("\(error.problem); \(error.remedy)")
        }
    }
}
