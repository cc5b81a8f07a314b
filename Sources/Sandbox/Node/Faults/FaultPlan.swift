/// All the ways in which a node misbehaves.
///
/// In JSON: `{"latency": 20, "jitter": 10, "workers": 4, "seed": 1, "faults": [{"status": 503, "retry-after": 10}]}`, every field
/// optional, times in milliseconds.
package struct FaultPlan: Sendable, Hashable {
    /// In their order: a request meets the first that fits it, and no other.
    package var faults: [Fault]
    /// For every request, unless the fault that it meets has a latency of its own.
    package var latency: Latency?
    /// How many requests the node works on at once; the others wait in a queue. Nil for all.
    package var workers: Int?
    /// The same seed and the same requests in the same order meet the same faults.
    package var seed: UInt64

    package init(_ faults: [Fault] = [], latency: Latency? = nil, workers: Int? = nil, seed: UInt64 = 1) {
        self.faults = faults
        self.latency = latency
        self.workers = workers.map { max(1, $0) }
        self.seed = seed
    }
}

extension FaultPlan: Codable {
    private enum Name: String, CodingKey {
        case faults, latency, jitter, workers, seed
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Name.self)
        let faults = try container.decodeIfPresent([Fault].self, forKey: .faults) ?? []
        let fixed = try container.decodeIfPresent(UInt32.self, forKey: .latency)
        let jitter = try container.decodeIfPresent(UInt32.self, forKey: .jitter)
        let hasLatency = fixed != nil || jitter != nil
        self.init(
            faults,
            latency: hasLatency ? Latency(.milliseconds(fixed ?? 0), jitter: .milliseconds(jitter ?? 0)) : nil,
            workers: try container.decodeIfPresent(UInt16.self, forKey: .workers).map(Int.init),
            seed: try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? 1
        )
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        try container.encode(faults, forKey: .faults)
        try container.encodeIfPresent(latency?.fixed.wholeMilliseconds, forKey: .latency)
        try container.encodeIfPresent(latency?.jitter.wholeMilliseconds, forKey: .jitter)
        try container.encodeIfPresent(workers, forKey: .workers)
        try container.encode(seed, forKey: .seed)
    }
}
