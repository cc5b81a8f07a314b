import Foundation

/// Checks that no file that the program writes is another one of its files.
struct FileRoles {
    private let written: [(option: String, path: String)]
    private let others: [(option: String, path: String)]

    /// - Parameter database: its name, which holds the path of a SQLite file.
    init(
        _ options: RunningOptions,
        _ auditing: AuditLogOptions,
        _ monitoring: MonitoringOptions,
        database: String
    ) {
        let plan = options.plan.map { ("--plan", $0) }
        let audit = auditing.auditLog.map { ("--audit-log", $0) }
        let metrics = monitoring.metricsFile.map { ("--metrics-file", $0) }
        written = [audit, metrics, options.dryrun ? plan : nil].compactMap { $0 }
        others = [
            options.dryrun ? nil : plan, options.secretFile.map { ("--secret-file", $0) },
            auditing.auditKey.map { ("--audit-key", $0) },
            auditing.auditPseudonymKey.map { ("--audit-pseudonym-key", $0) },
            ("--database-url", String(database.trimmingPrefix("SQLite "))),
        ].compactMap { $0 }
    }

    func check() throws(UsageError) {
        for (index, file) in written.enumerated() {
            if file.path.isEmpty {
                throw UsageError(problem: "\(file.option) names no file", remedy: "give a file's name, or leave it out")
            }
            if let kind = Self.otherKind(file.path) {
                throw UsageError(
                    problem: "\(file.option) names a \(kind), not a file that can be written to",
                    remedy: "give the name of a regular file, or of one that is to be made"
                )
            }
            if file.option == "--metrics-file" { try Self.checkFolder(of: file.path) }
            let rest = written[(index + 1)...] + others
            if let same = rest.first(where: { Self.canonical($0.path) == Self.canonical(file.path) }) {
                throw UsageError(
                    problem: "\(file.option) and \(same.option) name the same file",
                    remedy: "give each its own"
                )
            }
        }
    }

    /// A file that is replaced needs a folder that can be written to.
    private static func checkFolder(of path: String) throws(UsageError) {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        guard access(folder, W_OK | X_OK) == 0 else {
            throw UsageError(
                problem: "--metrics-file can't be made in \(folder): \(String(cString: strerror(errno)))",
                remedy: "name a file in a folder that this user may write to"
            )
        }
    }

    /// What there is at the path, if it is no regular file: a pipe would block whoever opens it, and a device keeps nothing.
    private static func otherKind(_ path: String) -> String? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return nil
        case S_IFDIR: return "directory"
        case S_IFIFO: return "pipe"
        case S_IFSOCK: return "socket"
        default: return "device"
        }
    }

    static func canonical(_ path: String) -> String {
        URL(filePath: path).standardizedFileURL.resolvingSymlinksInPath().path
    }
}
