import Foundation
package import Purging
import Telemetry
import Support

extension AuditFile {
    private static let batch = 1000

    /// Closes the intents without an outcome of processes that are dead, in this file and in the one that it was last
    /// rotated to: an outcome for each says what the database has of its record now. All of it is on disk when this
    /// returns.
    ///
    /// Call it before anything is appended. A process that is alive has a lock on its file; what is in it is left alone.
    ///
    /// - Parameter standings: as ``BacklogSource/standings(_:)``.
    /// - Throws: ``AuditFailure``, and what `standings` throws.
    package func closeOpenIntents(
        _ standings: @Sendable ([UID]) async throws -> [UID: RecordStanding]
    ) async throws -> IntentClosing {
        let found = try await queue.run { [self] in try findOpenIntents() }
        var closing = IntentClosing(inUse: found.inUse)
        for start in stride(from: 0, to: found.locations.count, by: Self.batch) {
            let some = found.locations[start..<min(start + Self.batch, found.locations.count)]
            let lines = try await queue.run { some.compactMap(\.line) }
            let now = try await standings(Set(lines.map { UID($0.uid) }).sorted())
            let time = WallTime.now().rfc3339
            var outcomes: [String] = []
            for line in lines {
                // Of a kind that this version doesn't know: left to one that does.
                guard let intent = AuditIntent(line) else { continue }
                let outcome = AuditOutcome(closing: intent, found: now[intent.uid])
                outcomes.append(
                    AuditLine(closing: outcome, ofRun: line.run, account: line.account, time: time, by: run).json
                )
                closing.note(outcome.record)
            }
            try await queue.run { [self, outcomes] in try write(outcomes) }
        }
        try await queue.run { [self] in
            if !found.locations.isEmpty { try sync() }
            try share()
        }
        withExtendedLifetime(found.rotated) {}
        return closing
    }

    private struct Found: Sendable {
        var locations: [OpenIntentScan.Location] = []
        var inUse: [String] = []
        /// Keeps the file open, and locked.
        var rotated: FileHandle?
    }

    private func findOpenIntents() throws -> Found {
        let own = descriptor
        guard LogLock.isRegular(own) else { return Found() }
        guard LogLock.tryExclusive(own) else { return Found(inUse: [path]) }
        var found = Found()
        var scan = OpenIntentScan()
        let rotatedPath = RotatedFile.last(of: path) ?? path + ".1"
        if let rotated = FileHandle(forUpdatingAtPath: rotatedPath) {
            // Whoever writes to it did not see yet that it was moved.
            if LogLock.tryExclusive(rotated.fileDescriptor) {
                try scan.read(rotated.fileDescriptor, of: rotatedPath)
                found.rotated = rotated
            } else {
                found.inUse.append(rotatedPath)
            }
        }
        try scan.read(own, of: path)
        found.locations = scan.locations
        return found
    }
}

extension AuditIntent {
    /// Nil for an outcome, and for a kind that this version doesn't know.
    init?(_ line: AuditLine) {
        guard line.event == .intent, let kind = DeletionKind(rawValue: line.kind) else { return nil }
        self.init(
            uid: UID(line.uid),
            node: NodeID(line.nodeID),
            replacedAt: Timestamp(line.replacedAt),
            kind: kind,
            target: line.target,
            keys: line.keys ?? 0,
            unmodifiedSince: line.unmodifiedSince.map { Timestamp($0) }
        )
    }
}
