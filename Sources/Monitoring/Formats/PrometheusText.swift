/// Writes Prometheus' text format, version 0.0.4.
struct PrometheusText {
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    mutating func gauge(_ name: String, _ help: String, _ value: Double?) {
        guard let value else { return }
        family(name, "gauge", help) { $0.sample(value) }
    }

    mutating func counter(_ name: String, _ help: String, _ value: Int) {
        family(name, "counter", help) { $0.sample(Double(value)) }
    }

    /// One sample for each case of a closed set, whether or not it ever happened: so that its first time is seen as an
    /// increase.
    mutating func counter<Key: CaseIterable & RawRepresentable<String> & Hashable>(
        _ name: String,
        _ help: String,
        by label: String,
        _ values: [Key: Int],
        of keys: [Key] = Array(Key.allCases)
    ) {
        family(name, "counter", help) { family in
            for key in keys { family.sample(Double(values[key] ?? 0), (label, key.rawValue)) }
        }
    }

    mutating func histogram(_ name: String, _ help: String, _ values: DurationHistogram.Values) {
        guard values.counts.count == DurationHistogram.bounds.count + 1 else { return }
        family(name, "histogram", help) { family in
            var sum = 0
            for (bound, count) in zip(DurationHistogram.bounds, values.counts) {
                sum += count
                family.sample(Double(sum), ("le", Self.number(bound)), suffix: "_bucket")
            }
            sum += values.counts.last ?? 0
            family.sample(Double(sum), ("le", "+Inf"), suffix: "_bucket")
            family.sample(values.sum, suffix: "_sum")
            family.sample(Double(sum), suffix: "_count")
        }
    }

    /// A family of samples, left out if the body adds none.
    mutating func family(_ name: String, _ type: String, _ help: String, _ body: (inout Family) -> Void) {
        var family = Family(name: name)
        body(&family)
        if family.lines.isEmpty { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n\(family.lines)"
    }

    struct Family {
        let name: String
        fileprivate(set) var lines = ""

        mutating func sample(_ value: Double, _ labels: (String, String)..., suffix: String = "") {
            let pairs = labels.map { "\($0)=\"\(PrometheusText.escaped($1))\"" }
            let list = pairs.isEmpty ? "" : "{\(pairs.joined(separator: ","))}"
            lines += "\(name)\(suffix)\(list) \(PrometheusText.number(value))\n"
        }
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map { String($0) } ?? String(value)
    }

    private static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
