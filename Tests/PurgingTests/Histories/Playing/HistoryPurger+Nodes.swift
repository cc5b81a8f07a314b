import Purging
import SyncTokens
import TestSupport

/// The way to the storage nodes and back.
extension HistoryPurger: StorageNodeClient {
    func time(of target: ServiceURL) async -> Double? { nil }

    func delete(_ request: DeleteRequest) async -> NodeAnswer {
        if isDead { return NodeAnswer(.abandoned) }
        let due = world.time.elapsed
        await stall(.slowSends)
        if world.time.elapsed - due > .seconds(1) { world.census.count(.lateRequest) }
        if isDead { return NodeAnswer(.abandoned) }
        if let notAfter = request.notAfter, world.time.now > notAfter {
            world.census.count(.late)
            return NodeAnswer(.expired)
        }
        let token = ModelToken(
            uid: request.uid.rawValue,
            url: request.target.text,
            fxaUID: request.fxaUID,
            key: request.key.text
        )
        note { $0.requests += 1 }
        let judge = SendingJudge(purger: self, token: token, sentAt: world.time.elapsed)
        judge.judge()
        let isBad = step.troubles.contains(.badNodes)
        let latency = Duration.milliseconds(isBad && random(0...7) == 0 ? random(1000...9000) : random(1...40))
        await world.pass(latency)
        func answer(_ verdict: NodeAnswer.Verdict, _ status: Int?) -> NodeAnswer {
            world.tell("purger \(number): DELETE uid \(token.uid) at \(token.url), key \(token.key): \(verdict)")
            let isNodes = if case .misrouted = verdict { false } else { status != nil }
            let nodeTime = isNodes ? Double(world.now / 10) / 100 : nil
            return NodeAnswer(verdict, status: status, nodeTime: nodeTime, elapsed: latency)
        }
        if step.hasWrongSecret {
            return random(0...1) == 0 ? answer(.signatureRefused, 401) : answer(.refused(status: 400), 400)
        }
        switch isBad ? random(0...24) : .max {
        case 0: return answer(.trouble(status: 500), 500)
        case 1: return answer(.busy(status: 503), 503)
        case 2: return answer(.refused(status: 403), 403)
        case 3: return answer(.misrouted(status: 200, what: "a proxy"), 200)
        case 4: return answer(.unreachable(what: "refused", sent: false), nil)
        case 5:
            await world.pass(.milliseconds(random(0...20_000)))
            world.census.count(.lostAnswer)
            _ = carryOut(request, token, judge, isHeard: false)
            return answer(.timedOut, nil)
        default: break
        }
        let deletion = carryOut(request, token, judge, isHeard: true)
        await world.pass(.milliseconds(random(0...5)))
        switch deletion {
        case .done(let lastModified):
            note { $0.accepted += 1 }
            return answer(.confirmed(lastModified: Double(lastModified ?? 0) / 1000), 200)
        case .writtenSince(let moment):
            world.census.count(.writtenSince)
            return answer(.writtenSince(lastModified: Double(moment) / 1000), 412)
        }
    }

    private func carryOut(
        _ request: DeleteRequest,
        _ token: ModelToken,
        _ judge: SendingJudge,
        isHeard: Bool
    ) -> ModelStorage.Deletion {
        let place = world.storage.place(token)
        let data = place.flatMap { world.storage.data[$0] }
        let deletion = world.storage.delete(token, unmodifiedSince: request.unmodifiedSince?.rawValue)
        guard case .done = deletion else { return deletion }
        note { $0.deletions.append(.init(token: token, place: place, at: world.now, isConfirmed: isHeard)) }
        world.census.count(data == nil ? .nothingThere : .dataDeleted)
        if let place, data != nil { judge.judge(deletionOf: place) }
        return deletion
    }
}
