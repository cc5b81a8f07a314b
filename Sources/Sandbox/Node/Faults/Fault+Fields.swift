extension Fault {
    private static let names = [
        "status", "location", "close", "hang", "garbage", "when", "retry-after", "backoff", "x-backoff", "bare",
        "latency", "jitter", "probability", "uids", "times", "above-concurrent", "capacity-per-second",
    ]

    /// The fields that are either there or not.
    static let flags: Set<String> = ["close", "hang", "bare"]

    /// Makes a fault from named fields: what happens (one of `status`, `location`, `close`, `hang`, `garbage` =
    /// `bytes`, `html` or `endless`), `when` (`before` or `after` the node has carried out the request), what the answer
    /// carries (`retry-after`, `backoff`, `x-backoff`, `bare`), `latency` and `jitter` (milliseconds), and which
    /// requests meet it (`probability`, `uids`, `times`, `above-concurrent`, `capacity-per-second`).
    ///
    /// Names may be written with underscores or in camel case too. The value of a flag is `true` or `false`.
    package init(fields: [(name: String, value: String)]) throws(FaultError) {
        var reader = try FieldReader(fields, known: Self.names)
        self.init(try reader.effect())
        moment = try reader.choice("when", of: Moment.self) ?? .before
        retryAfter = reader.text("retry-after")
        backoff = try reader.number("backoff", in: 0...Int.max)
        xBackoff = try reader.number("x-backoff", in: 0...Int.max)
        bare = try reader.flag("bare")
        let jitter = try reader.number("jitter", in: 0...3_600_000)
        if let fixed = try reader.number("latency", in: 0...3_600_000) ?? jitter.map({ _ in 0 }) {
            latency = Latency(.milliseconds(fixed), jitter: .milliseconds(jitter ?? 0))
        }
        probability = try reader.decimal("probability", in: 0...1) ?? 1
        uids = try reader.uids("uids")
        times = try reader.number("times", in: 0...Int.max)
        aboveConcurrent = try reader.number("above-concurrent", in: 0...Int.max)
        capacityPerSecond = try reader.decimal("capacity-per-second", in: 0...1e9)
        guard effect != .asUsual || latency != nil || retryAfter != nil || backoff != nil || xBackoff != nil || bare
        else {
            throw .doesNothing
        }
    }

    /// The fields from which `init(fields:)` makes this fault again.
    package var fields: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        func add(_ name: String, _ value: (some CustomStringConvertible)?) {
            if let value { fields.append((name, value.description)) }
        }
        switch effect {
        case .asUsual: break
        case .status(let status): add("status", status)
        case .redirect(let status, let location):
            add("status", status)
            add("location", location)
        case .close: add("close", true)
        case .hang: add("hang", true)
        case .garbage(let kind): add("garbage", kind.rawValue)
        }
        if moment == .after { add("when", moment.rawValue) }
        add("retry-after", retryAfter)
        add("backoff", backoff)
        add("x-backoff", xBackoff)
        if bare { add("bare", true) }
        add("latency", latency?.fixed.wholeMilliseconds)
        if let latency, latency.jitter > .zero { add("jitter", latency.jitter.wholeMilliseconds) }
        if probability < 1 { add("probability", probability) }
        add("uids", uids)
        add("times", times)
        add("above-concurrent", aboveConcurrent)
        add("capacity-per-second", capacityPerSecond)
        return fields
    }
}

extension FieldReader {
    fileprivate mutating func effect() throws(FaultError) -> Fault.Effect {
        let status = try number("status", in: 200...999)
        let location = text("location")
        let isClose = try flag("close")
        let isHang = try flag("hang")
        let garbage = try choice("garbage", of: Fault.Garbage.self)
        let effects = [
            status != nil || location != nil ? "status" : nil, isClose ? "close" : nil, isHang ? "hang" : nil,
            garbage != nil ? "garbage" : nil,
        ].compactMap { $0 }
        guard effects.count < 2 else { throw .contradiction(effects[0], effects[1]) }
        if let location { return .redirect(status: status ?? 302, location: location) }
        if let status { return .status(status) }
        if let garbage { return .garbage(garbage) }
        return isClose ? .close : isHang ? .hang : .asUsual
    }
}
