import ArgumentParser
import Databases
import TokenserverStore

/// A database that was named on the command line.
struct SandboxDatabase {
    let connector: any SQLConnector

    init(_ url: String, createsFile: Bool) throws {
        do {
            connector = try Database.connector(url, createsFile: createsFile)
        } catch {
            throw ValidationError("\(error.problem); \(error.remedy)")
        }
    }
}
