import Foundation
import Support

/// What whoever verifies a log knows beforehand.
package struct ChainTrust: Sendable {
    /// Of these keys a head's signature has to be; empty for any.
    let keys: Set<AuditPublicKey>
    /// A line that has to be there: its number, if that is known, and its hash.
    private let wanted: (number: Int64?, hash: Hash256)?
    /// The number of the first line that is left, where earlier ones were deleted on purpose.
    let first: Int64?

    /// - Parameter head: `NUMBER:HASH` or the hash alone, as a run told it. Nil for anything else that is given.
    package init?(keys: [AuditPublicKey] = [], head: String? = nil, first: Int64? = nil) {
        self.keys = Set(keys)
        self.first = first
        guard let head else {
            wanted = nil
            return
        }
        let parts = head.split(separator: ":", omittingEmptySubsequences: false)
        guard let hash = parts.last.flatMap({ Hash256(hexadecimal: Array($0.utf8)) }) else { return nil }
        if parts.count == 1 {
            wanted = (nil, hash)
        } else {
            guard parts.count == 2, let number = Int64(parts[0]), number > 0 else { return nil }
            wanted = (number, hash)
        }
    }

    package var wantsHead: Bool { wanted != nil }
    package var hasKeys: Bool { !keys.isEmpty }

    func isWanted(_ state: ChainState) -> Bool {
        guard let wanted else { return false }
        return state.last == wanted.hash && wanted.number ?? state.number == state.number
    }
}

/// Tells whether audit logs are as they were written: each line tied to the one before, nothing missing between files,
/// heads signed. Memory doesn't grow with the logs.
package struct ChainVerifier {
    private let trust: ChainTrust
    private let files: [ChainFile]

    /// - Parameter paths: of the logs' files, rotated ones too, in any order, each once.
    /// - Throws: ``AuditReadError``
    package init(paths: [String], trust: ChainTrust) throws {
        self.trust = trust
        files = try paths.map { try ChainFile(path: $0) }
    }

    /// - Throws: ``AuditReadError``
    package func verify() throws -> ChainReport { try verify(nil) }

    /// - Parameter visit: is shown each line, in the chains' order, and what is in no chain before them.
    /// - Throws: ``AuditReadError``
    func verify(_ visit: ((ChainVisit) -> Void)?) throws -> ChainReport {
        var report = ChainReport()
        for file in files {
            if let problem = file.problem { report.find(problem.weight, problem.text) }
            if file.content != .chained { try file.show(visit) }
        }
        if files.allSatisfy({ $0.content == .nothing }) { report.find(.incomplete, "there is no line to verify") }
        var hasWanted = !trust.wantsHead
        let chains = Dictionary(grouping: files.filter { $0.content == .chained }, by: \.chain)
        for (_, files) in chains.sorted(by: { $0.key < $1.key }) {
            var walk = ChainWalk(trust: trust, report: report, visit: visit)
            for file in files.sorted(by: { $0.number < $1.number }) { try walk.read(file) }
            walk.finish()
            report = walk.report
            if walk.hasWanted { hasWanted = true }
        }
        if !hasWanted {
            report.find(
                .altered,
                "the line that --head names is in none of these files: the log was cut, or a file is missing"
            )
        }
        return report
    }
}
