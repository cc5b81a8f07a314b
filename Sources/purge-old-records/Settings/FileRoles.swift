import Foundation

/// Checks that no file that the program writes is another one of its files.
struct FileRoles {
    private let written: [(option: String, path: String)]
    private let others: [(option: String, path: String)]

    /// - Parameter database: its name, which holds the path of a SQLite file.
    init(_ options: RunningOptions, database: String) {
        let plan = options.plan.map { ("--plan", $0) }
        let audit = options.auditLog.map { ("--audit-log", $0) }
        written = [audit, options.dryrun ? plan : nil].compactMap { $0 }
        others = [
            options.dryrun ? nil : plan, options.secretFile.map { ("--secret-file", $0) },
            ("--database-url", String(database.trimmingPrefix("SQLite "))),
        ].compactMap { $0 }
    }

    func check() throws(UsageError) {
        for (index, file) in written.enumerated() {
            if file.path.isEmpty {
                throw UsageError(problem: "\(file.option) names no file", remedy: "give a file's name, or leave it out")
            }
            let rest = written[(index + 1)...] + others
            if let same = rest.first(where: { Self.canonical($0.path) == Self.canonical(file.path) }) {
                throw UsageError(
                    problem: "\(file.option) and \(same.option) name the same file",
                    remedy: "give each its own"
                )
            }
        }
    }

    private static func canonical(_ path: String) -> String {
        URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
}
