import FoundationEssentials
import HTTPTypes
import HummingbirdCore
import NIOCore
import Synchronization

/// The requests under `/__sandbox__/`, by which another process looks into a node and sets its faults.
///
/// Not signed: the node listens on loopback and holds nothing of value. They meet no fault and are in no log.
struct ControlInterface {
    static let prefix = "/__sandbox__/"
    private static let maximumBodySize = 256 << 20

    let node: NodeResponder

    func answer(_ request: Request) async -> CannedAnswer {
        let name = request.uri.path.dropFirst(Self.prefix.count)
        do {
            switch (request.method, name) {
            case (.get, "faults"):
                return try json(node.faults.plan)
            case (.put, "faults"):
                node.faults.plan = try await decoded(FaultPlan.self, from: request)
                return try json(node.faults.plan)
            case (.get, "stats"):
                return try json(statistics)
            case (.get, "log"):
                return lines(node.log.entries.map(\.jsonLine))
            case (.get, "data"):
                return lines(node.data.owners.map(Self.line))
            case (.put, "data"):
                node.data.put(contentsOf: try await decoded(BulkData.self, from: request).users)
                return try json(statistics)
            case (.delete, "data"):
                node.data.removeAll()
                return try json(statistics)
            default:
                return .refusal(404, "error", reason: "there is: faults, stats, log, data")
            }
        } catch let error as DecodingError {
            return .refusal(400, "error", reason: Self.explanation(error))
        } catch {
            return .refusal(400, "error", reason: "the request could not be read")
        }
    }

    private var statistics: NodeStatistics {
        NodeStatistics(
            url: node.publicURL.withLock { $0 },
            users: node.data.count,
            bytes: node.data.bytes,
            counters: node.log.counters
        )
    }

    private func decoded<Value: Decodable>(_ type: Value.Type, from request: Request) async throws -> Value {
        let body = try await request.body.collect(upTo: Self.maximumBodySize)
        return try JSONDecoder().decode(Value.self, from: Data(body.readableBytesView))
    }

    private func json(_ value: some Encodable) throws -> CannedAnswer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return CannedAnswer(200, type: "application/json", body: ByteBuffer(bytes: try encoder.encode(value)))
    }

    private func lines(_ lines: [String]) -> CannedAnswer {
        let text = lines.map { $0 + "\n" }.joined()
        return CannedAnswer(200, type: "application/x-ndjson", body: ByteBuffer(string: text))
    }

    private static func line(_ owner: DataOwner) -> String {
        var json = JSONLine()
        switch owner {
        case .uid(let uid):
            json.add("uid", uid)
        case .account(let fxaUID, let keyID):
            json.add("fxa_uid", fxaUID)
            json.add("fxa_kid", keyID)
        }
        return json.line
    }

    private static func explanation(_ error: DecodingError) -> String {
        switch error {
        case .dataCorrupted(let context), .keyNotFound(_, let context), .typeMismatch(_, let context),
            .valueNotFound(_, let context):
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            return path.isEmpty ? context.debugDescription : "\(path.drop { $0 == "." }): \(context.debugDescription)"
        @unknown default:
            return "the JSON is not what this request takes"
        }
    }
}
