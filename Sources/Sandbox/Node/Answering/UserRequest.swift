import HTTPTypes
import HummingbirdCore
import NIOCore
import SyncTokens

/// Carries out what a verified user asks of the storage.
struct UserRequest {
    let owner: DataOwner
    let data: StoredData
    let honoursWriteCheck: Bool

    /// Removes all of the user's data, and says when it had been modified last.
    func delete(_ ifUnmodifiedSince: String?, entry: inout RequestLogEntry) -> CannedAnswer {
        var limit: StorageTime?
        if honoursWriteCheck, let ifUnmodifiedSince {
            guard let time = StorageTime(ifUnmodifiedSince) else {
                return .refusal(400, "error", reason: "X-If-Unmodified-Since is no time")
            }
            limit = time
        }
        var answer = CannedAnswer(200, json: "{}")
        switch data.remove(owner, ifUnmodifiedSince: limit) {
        case .removed(let lastModified, let bytes):
            entry.performed = true
            entry.removed = true
            entry.bytes = bytes
            entry.lastModified = lastModified
        case .nothingStored:
            entry.performed = true
            entry.lastModified = .never
        case .modifiedLater(let lastModified):
            answer = .refusal(412, "precondition-failed", reason: "the data was modified since")
            entry.lastModified = lastModified
        }
        answer.headers[.lastModifiedInStorage] = entry.lastModified?.description
        return answer
    }

    func put(_ path: String, payload: ByteBuffer, at now: StorageTime) -> CannedAnswer {
        data.putObject(path, of: owner, payload: Array(payload.readableBytesView), at: now)
        var answer = CannedAnswer(200, json: now.description)
        answer.headers[.lastModifiedInStorage] = now.description
        return answer
    }

    func get(_ path: String) -> CannedAnswer {
        guard let object = data.object(path, of: owner) else { return .refusal(404, "error", reason: "no such object") }
        var answer = CannedAnswer(200, type: "application/json", body: ByteBuffer(bytes: object.payload))
        answer.headers[.lastModifiedInStorage] = object.lastModified.description
        return answer
    }
}
