import HTTPTypes
import HummingbirdCore
import NIOCore
import SyncTokens
import Synchronization

/// Answers a node's requests: finds the fault that a request meets, has it carried out, records it, then answers.
final class NodeResponder: Sendable {
    /// What a user may store in one object.
    private static let maximumObjectSize = 2 << 20

    let data: StoredData
    let log: RequestLog
    let faults: FaultInjector
    let publicURL: Mutex<String>
    private let configuration: StorageNode.Configuration
    private let verifier: RequestVerifier
    private let clockOffset: Double

    init(_ configuration: StorageNode.Configuration) throws(StorageNodeError) {
        self.configuration = configuration
        data = configuration.data
        log = try RequestLog(capacity: configuration.logCapacity, path: configuration.logFile)
        faults = FaultInjector(configuration.faults)
        publicURL = Mutex("")
        verifier = RequestVerifier(
            secret: configuration.secret,
            maximumClockSkew: configuration.maximumClockSkew,
            nonces: configuration.refusesReplays ? NonceMemory() : nil
        )
        clockOffset = configuration.clockOffset / .seconds(1)
    }

    func respond(to request: Request, writer: consuming ResponseWriter, channel: any Channel) async throws {
        let target = request.head.path ?? ""
        if target.hasPrefix(ControlInterface.prefix) {
            let answer = await ControlInterface(node: self).answer(request)
            try await writer.write(response: answer.response.head, body: answer.response.body)
            return
        }
        if request.method == .get, target.hasSuffix("/__lbheartbeat__") {
            var answer = CannedAnswer(200, json: "{}")
            answer.headers[.weaveTimestamp] = StorageTime(seconds: configuration.now() + clockOffset).description
            try await writer.write(response: answer.response.head, body: answer.response.body)
            return
        }
        let route = NodeRoute(target: target, basePath: configuration.basePath)
        let decision = faults.decide(uid: route.uid, inFlight: log.begin(), now: .now)
        var entry = RequestLogEntry(
            time: StorageTime(seconds: configuration.now()),
            method: request.method.rawValue,
            path: target,
            uid: route.uid
        )
        entry.ifUnmodifiedSince = request.headers[.ifUnmodifiedSinceInStorage]
        let answer: CannedAnswer
        do {
            if decision.delay > .zero { try await Task.sleep(for: decision.delay) }
            answer = try await self.answer(request, route: route, fault: decision.fault, entry: &entry)
            log.record(entry)
        } catch {
            log.end()
            throw error
        }
        switch decision.fault?.effect {
        case .close, .hang, .garbage(.bytes), .garbage(.endless):
            // Such a request is in flight for as long as it lasts.
            defer { log.end() }
            let misbehaviour = Misbehaviour(effect: decision.fault?.effect, request: request, channel: channel)
            try await misbehaviour.perform(head: answer.response.head, writer: writer)
        default:
            // Ends before the client has the answer: else its next request could be counted together with this one.
            log.end()
            try await writer.write(response: answer.response.head, body: answer.response.body)
        }
    }

    private func answer(
        _ request: Request,
        route: NodeRoute,
        fault: Fault?,
        entry: inout RequestLogEntry
    ) async throws -> CannedAnswer {
        var answer = CannedAnswer(404, json: "0")
        if fault?.effect ?? .asUsual == .asUsual || fault?.moment == .after {
            answer = try await carryOut(request, route: route, entry: &entry)
        }
        if let fault {
            entry.fault = fault.effectText
            answer = fault.alter(answer)
        }
        let now = configuration.now() + clockOffset
        let isBare = fault?.bare == true || (configuration.bare2xx && (200..<300).contains(answer.status))
        if !isBare && fault?.isGarbage != true {
            answer.headers[.weaveTimestamp] = StorageTime(seconds: now).description
        }
        answer.headers[.date] = HTTPDate.text(now)
        entry.status = fault?.isUnreadable == true ? 0 : answer.status
        entry.confirmed = entry.performed && (200..<300).contains(entry.status) && fault?.isGarbage != true
        return answer
    }

    private func carryOut(
        _ request: Request,
        route: NodeRoute,
        entry: inout RequestLogEntry
    ) async throws -> CannedAnswer {
        guard let uid = route.uid, Self.isKnown(request.method, on: route) else {
            return .refusal(404, "error", reason: "no such route")
        }
        let now = configuration.now() + clockOffset
        let owner: DataOwner
        do {
            let claims = try verifier.verify(
                method: request.method.rawValue,
                target: request.head.path ?? "",
                authority: request.head.authority,
                authorization: request.headers[.authorization],
                publicURL: publicURL.withLock { $0 },
                now: now
            )
            (entry.fxaUID, entry.keyID) = (claims.fxaUID, claims.fxaKID)
            guard claims.uid == uid else {
                return .refusal(400, "error", reason: "the token is for another user than the path")
            }
            switch configuration.keying {
            case .uid: owner = .uid(uid)
            case .account: owner = .account(fxaUID: claims.fxaUID, keyID: claims.fxaKID)
            }
        } catch {
            return .refusal(401, "invalid-credentials", reason: error.reason)
        }
        let user = UserRequest(owner: owner, data: data, honoursWriteCheck: configuration.writeCheck)
        switch route {
        case .object(_, let path) where request.method == .put:
            guard let payload = try? await request.body.collect(upTo: Self.maximumObjectSize) else {
                return .refusal(413, "error", reason: "the object is too large")
            }
            return user.put(path, payload: payload, at: StorageTime(seconds: now))
        case .object(_, let path):
            return user.get(path)
        case .user, .unknown:
            return user.delete(entry.ifUnmodifiedSince, entry: &entry)
        }
    }

    private static func isKnown(_ method: HTTPRequest.Method, on route: NodeRoute) -> Bool {
        switch route {
        case .user: method == .delete
        case .object: method == .put || method == .get
        case .unknown: false
        }
    }
}
