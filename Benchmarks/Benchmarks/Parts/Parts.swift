import Benchmark
import Purging
import SyncTokens

/// What is done for each record, apart from the network and the database.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(
        metrics: [.wallClock, .cpuTotal, .instructions],
        scalingFactor: .kilo,
        maxDuration: .seconds(3)
    )

    Benchmark("Sign a request") { benchmark in
        guard let secret = try? MasterSecret("benchmark") else { return }
        var random = SystemRandomNumberGenerator()
        for uid in benchmark.scaledIterations {
            let claims = TokenClaims(
                uid: Int64(uid),
                node: "https://sync-1.example.com",
                fxaUID: "0123456789abcdef0123456789abcdef",
                fxaKID: "1700000000000-AAAAAAAAAAAAAAAAAAAAAA",
                salt: TokenClaims.randomSalt(using: &random),
                expires: 1_700_000_300
            )
            let token = SyncToken.make(claims, secret: secret)
            let request = HawkRequest(method: "DELETE", path: "/1.5/\(uid)", host: "sync-1.example.com", port: 443)
            blackHole(
                try? HawkHeader.sign(
                    request,
                    id: token.text,
                    key: token.hawkKey,
                    timestamp: 1_700_000_000,
                    nonce: HawkHeader.randomNonce(using: &random)
                )
            )
        }
    }

    Benchmark("Decide on a record") { benchmark in
        let world = World()
        let planner = PurgePlanner(policy: world.policy)
        for uid in benchmark.scaledIterations {
            if let entry = world.entry(Int64(uid)) { blackHole(planner.action(for: entry, in: world.directory)) }
        }
    }

    Benchmark("Send a record and take its answer, 10 nodes") { benchmark in
        let world = World()
        let planner = PurgePlanner(policy: world.policy)
        let now = ContinuousClock.now
        var dispatcher = NodeDispatcher(settings: NodeDispatcher.Settings(), seed: 1, now: now)
        let answer = NodeAnswer(.confirmed(lastModified: 0), elapsed: .milliseconds(1))
        for uid in benchmark.scaledIterations {
            guard let entry = world.entry(Int64(uid)),
                case .purge(let deletion) = planner.action(for: entry, in: world.directory)
            else { continue }
            dispatcher.enqueue(Job(entry: entry, deletion: deletion, readAt: now))
            for dispatch in dispatcher.next(at: now).send {
                blackHole(dispatcher.answered(dispatch.ticket, with: answer, at: now))
            }
        }
    }
}

/// Ten nodes that key by uid, and records on them.
private struct World: Sendable {
    let policy: PurgePolicy
    let directory: NodeDirectory

    init() {
        var policy = PurgePolicy()
        policy.storageTypes = StorageTypes(ofAll: .uid)
        self.policy = policy
        directory = NodeDirectory(
            nodes: (1...10).map { Node(id: NodeID($0), url: "https://sync-\($0).example.com") },
            policy: policy
        )
    }

    func entry(_ uid: Int64) -> BacklogEntry? {
        let record = UserRecord(
            uid: UID(uid),
            email: AccountEmail("user\(uid)@api.accounts.firefox.com"),
            generation: 1_700_000_000_000,
            keysChangedAt: 1_600_000_000_000,
            clientState: "0123456789abcdef0123456789abcdef",
            createdAt: Timestamp(1_600_000_000_000),
            replacedAt: Timestamp(1_650_000_000_000),
            nodeID: NodeID(uid % 10 + 1)
        )
        return BacklogEntry(record: record, others: [])
    }
}
