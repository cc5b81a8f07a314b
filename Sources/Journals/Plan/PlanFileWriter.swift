import Crypto
import Foundation
package import Purging
import Synchronization
import Telemetry
import Support

/// Writes a plan, line by line, beside the file's place, and moves it there once it is complete.
package final class PlanFileWriter: PlanSink {
    private struct State {
        var handle: FileHandle?
        var digest = SHA256()
        var records = 0
        var actions: [String: Int] = [:]
    }

    private let path: String
    private let database: String
    private let options: [String: String]
    private let queue = SerialQueue(label: "purge-old-records.plan")
    private let state = Mutex(State())

    package init(path: String, database: String, options: [String: String]) {
        self.path = path
        self.database = database
        self.options = options
    }

    private var partialPath: String { path + ".partial" }

    package func begin(cutoff: Timestamp) async throws {
        let header = PlanHeader(
            made: WallTime.now().rfc3339,
            database: database,
            cutoff: cutoff.rawValue,
            options: options
        )
        try await queue.run { [self] in
            let descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
            state.withLock { $0.handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true) }
            try write(try header.jsonLine + "\n")
        }
    }

    package func append(_ records: [PlannedRecord]) async throws {
        if records.isEmpty { return }
        try await queue.run { [self] in
            var text = ""
            for record in records {
                text += PlanLine(record).json
                text += "\n"
            }
            state.withLock { state in
                state.records += records.count
                for record in records { state.actions[record.verb.rawValue, default: 0] += 1 }
            }
            try write(text)
        }
    }

    package func complete() async throws {
        try await queue.run { [self] in
            let trailer = state.withLock { state in
                PlanTrailer(records: state.records, actions: state.actions, checksum: state.digest.finalize().hex)
            }
            try write(try trailer.jsonLine + "\n")
            do {
                try state.withLock { state in
                    try state.handle?.synchronize()
                    try state.handle?.close()
                    state.handle = nil
                }
            } catch {
                throw failure("it can't be synced")
            }
            guard rename(partialPath, path) == 0 else { throw failure(String(cString: strerror(errno))) }
        }
    }

    package func discard() async {
        try? await queue.run { [self] in
            state.withLock { $0.handle = nil }
            unlink(partialPath)
        }
    }

    private func write(_ text: String) throws {
        let data = Data(text.utf8)
        do {
            try state.withLock { state in
                state.digest.update(data: data)
                try state.handle?.write(contentsOf: data)
            }
        } catch {
            throw failure("no space, or the device fails")
        }
    }

    private func failure(_ why: String) -> PlanFailure {
        PlanFailure(description: "the plan \(path) can't be written: \(why)")
    }
}

extension Digest {
    var hex: String {
        map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
