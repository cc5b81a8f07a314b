import Crypto
import Foundation
package import Purging
import Support

/// A plan that was written by ``PlanFileWriter``, checked from its first byte to its last when it is opened.
package final class PlanFile: PurgePlan {
    private static let chunk = 128 * 1024
    private static let longestLine = 16 * 1024

    package let header: PlanHeader
    private let path: String
    private let handle: FileHandle
    private let firstLine: Int64
    private let end: Int64
    private let fingerprint: Fingerprint
    private let queue = SerialQueue(label: "purge-old-records.plan")

    /// What shows that a file is as it was.
    private struct Fingerprint: Equatable {
        let size: Int64
        let times: [Int]

        init(_ handle: FileHandle) {
            var status = stat()
            fstat(handle.fileDescriptor, &status)
            size = Int64(status.st_size)
            times = [
                status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
            ]
        }
    }

    package var cutoff: Timestamp { Timestamp(header.cutoff) }

    /// - Throws: ``PlanFailure`` for a file that can't be read, is no plan, was changed or is not complete.
    package init(path: String) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw PlanFailure(description: "the plan \(path) can't be read")
        }
        self.path = path
        self.handle = handle
        fingerprint = Fingerprint(handle)
        let scan = try Self.scan(path, handle)
        (header, firstLine, end) = (scan.header, scan.firstLine, scan.end)
    }

    package func lines(
        after position: Int64?,
        limit: Int
    ) async throws -> [(position: Int64, record: PlannedRecord)] {
        try await queue.run { [self] in
            var lines: [(position: Int64, record: PlannedRecord)] = []
            // A line's position is where it begins; any number in between means the next line.
            var start = try position.map { try self.start(after: max($0, firstLine - 1)) } ?? firstLine
            while lines.count < limit, start < end {
                let bytes = try read(from: start)
                var rest = bytes[...]
                while lines.count < limit, let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    guard let line = try? JSONDecoder().decode(PlanLine.self, from: Data(rest[..<newline])),
                        let record = line.record
                    else { throw PlanFailure(description: "the plan \(path) was changed while it was carried out") }
                    lines.append((start, record))
                    start += Int64(newline + 1 - rest.startIndex)
                    rest = rest[(newline + 1)...]
                }
            }
            guard Fingerprint(handle) == fingerprint else {
                throw PlanFailure(description: "the plan \(path) was changed while it was carried out")
            }
            return lines
        }
    }

    private func start(after position: Int64) throws -> Int64 {
        if position >= end { return end }
        let bytes = try read(from: position)
        return position + Int64(bytes.firstIndex(of: UInt8(ascii: "\n")) ?? 0) + 1
    }

    private func read(from start: Int64) throws -> [UInt8] {
        let count = Int(min(Int64(Self.chunk), end - start))
        var bytes = [UInt8](repeating: 0, count: count)
        let got = pread(handle.fileDescriptor, &bytes, count, off_t(start))
        guard got == count, bytes.contains(UInt8(ascii: "\n")) else {
            throw PlanFailure(description: "the plan \(path) can't be read any more")
        }
        return bytes
    }

    private struct Scan {
        var header: PlanHeader
        var firstLine: Int64
        var end: Int64
    }

    /// Reads the whole file; memory doesn't grow with it.
    private static func scan(_ path: String, _ handle: FileHandle) throws -> Scan {
        func failure(_ what: String) -> PlanFailure {
            PlanFailure(description: "\(path) \(what); make a plan anew with --dryrun --plan FILE")
        }
        var scan: Scan?
        var digest = SHA256()
        var trailer: PlanTrailer?
        var records = 0
        var actions: [String: Int] = [:]
        do {
            try LineFile(path: path, handle: handle).forEach { text in
                if trailer != nil { throw failure("goes on behind its end") }
                let data = Data(text.utf8)
                guard var known = scan else {
                    guard let header = try? JSONDecoder().decode(PlanHeader.self, from: data) else {
                        throw failure("is not a plan")
                    }
                    guard header.format == PlanHeader.format else { throw failure("is a plan of another version") }
                    digest.update(data: data + [UInt8(ascii: "\n")])
                    scan = Scan(header: header, firstLine: Int64(data.count) + 1, end: Int64(data.count) + 1)
                    return true
                }
                guard data.count < longestLine, let line = try? JSONDecoder().decode(PlanLine.self, from: data),
                    line.record != nil
                else {
                    guard let last = try? JSONDecoder().decode(PlanTrailer.self, from: data) else {
                        throw failure("was changed, or is damaged, at record \(records + 1)")
                    }
                    trailer = last
                    return true
                }
                digest.update(data: data + [UInt8(ascii: "\n")])
                records += 1
                actions[line.action, default: 0] += 1
                known.end += Int64(data.count) + 1
                scan = known
                return true
            }
        } catch let error as AuditReadError {
            throw PlanFailure(description: "the plan can't be read: \(error)")
        }
        guard let scan else { throw failure("is empty") }
        guard let trailer else { throw failure("is not complete") }
        guard trailer == PlanTrailer(records: records, actions: actions, checksum: digest.finalize().hex) else {
            throw failure("was changed since it was made")
        }
        return scan
    }
}
