import Foundation
import Sandbox
import TestSupport
import Testing

@Suite("Alerts and dashboard")
struct AlertTests {
    private static let rules = "deploy/prometheus/purge-old-records.rules.yml"
    private static let dashboard = "deploy/grafana/purge-old-records.json"

    private func promtool(_ arguments: String...) throws -> Tool.Output {
        try Tool.run(Tool.unpacked("usr/bin/promtool"), arguments)
    }

    @Test("promtool has nothing to say against the rules")
    func rules() throws {
        let checked = try promtool("check", "rules", Repository.url(Self.rules).path)
        #expect(checked.code == 0 && checked.text.contains("SUCCESS"), "\(checked.text)")
    }

    @Test("each rule fires when it should, and not when it should not; each has a test and a place in the manual")
    func tests() throws {
        let file = "deploy/prometheus/purge-old-records.rules.test.yml"
        let tested = try promtool("test", "rules", Repository.url(file).path)
        #expect(tested.code == 0 && tested.text.contains("SUCCESS"), "\(tested.text)")
        let (tests, manual) = (try Repository.text(file), try Repository.text("docs/OPERATIONS.md"))
        let alerts = try Repository.text(Self.rules).matches(of: /- alert: (\w+)/).map(\.1)
        #expect(alerts.count >= 10)
        let cases = tests.matches(of: /alertname: (\w+)(?:, |\s+)eval_time: \w+(?:, |\s+)exp_alerts:( \[\])?/)
        let firing = Set(cases.filter { $0.2 == nil }.map(\.1))
        let silent = Set(cases.filter { $0.2 != nil }.map(\.1))
        for alert in alerts {
            #expect(firing.contains(alert), "\(alert) has no test in which it fires")
            #expect(silent.contains(alert), "\(alert) has no test in which it doesn't")
            #expect(manual.contains("| \(alert)"), "\(alert) is not in docs/OPERATIONS.md")
        }
    }

    @Test("the dashboard's expressions are ones that Prometheus understands")
    func dashboard() throws {
        let json = try JSONSerialization.jsonObject(with: Data(Repository.text(Self.dashboard).utf8))
        let expressions = Self.expressions(in: json)
        #expect(expressions.count > 20)
        let variables = [
            ("$__rate_interval", "5m"), ("$__range", "1h"), ("$__interval", "1m"), ("$job", ".*"), ("$instance", ".*"),
            ("$copy", ".*"), ("$node", ".*"),
        ]
        let encoder = JSONEncoder()
        // What is left is YAML as well.
        encoder.outputFormatting = .withoutEscapingSlashes
        var rules = "groups:\n- name: dashboard\n  rules:\n"
        for (index, expression) in expressions.enumerated() {
            let plain = variables.reduce(expression) { $0.replacing($1.0, with: $1.1) }
            #expect(!plain.contains("$"), "\(plain)")
            let quoted = String(decoding: try encoder.encode(plain), as: UTF8.self)
            rules += "  - {record: \"panel\", labels: {number: \"\(index)\"}, expr: \(quoted)}\n"
        }
        let file = FileManager.default.temporaryDirectory.appending(path: "panels-\(UUID().uuidString).yml")
        defer { try? FileManager.default.removeItem(at: file) }
        try rules.write(to: file, atomically: true, encoding: .utf8)
        let checked = try promtool("check", "rules", file.path)
        #expect(checked.code == 0, "\(checked.text)")
    }

    @Test("rules, dashboard and manual name metrics that the program has")
    func names() async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...300))
            let program = try Program.purge.start(
                ["--listen", "0", "--age-slo", "30d"],
                environment: world.environment
            )
            let watcher = try await Watcher(program)
            try await eventually("a run has ended") {
                try watcher.metric("purge_runs_total{stop_reason=\"complete\"}") == 1
                    && watcher.metric("purge_age_slo_margin_seconds") != nil
            }
            let scrape = try watcher.get("metrics").text
            program.send(SIGTERM)
            let end = await program.finished()
            #expect(end.code == 0 && scrape.contains("purge_runs_total{stop_reason=\"complete\"} 1"), "\(end.error)")
            let file = world.folder.appending(path: "purge.prom")
            #expect(try await world.purge("--age-slo", "30d", "--metrics-file", file.path).code == 0)
            let written = try String(contentsOf: file, encoding: .utf8)
            let families = Set((scrape + written).matches(of: #/# TYPE (\w+) /#).map { String($0.1) })
            for file in [Self.rules, Self.dashboard, "docs/OPERATIONS.md"] {
                let text = try Repository.text(file)
                let names = Set(
                    text.matches(of: /\b(?:purge_(?!old_records)|process_)[a-z_]+[a-z]\b/).map { String($0.0) }
                )
                #expect(names.count > 10)
                for name in names {
                    let family = name.replacing(/_(bucket|sum|count)$/, with: "")
                    #expect(families.contains(name) || families.contains(family), "\(name) in \(file)")
                }
            }
            // And the manual tells about each of them.
            let manual = try Repository.text("docs/OPERATIONS.md")
            for family in families { #expect(manual.contains("`\(family)"), "\(family) is not in docs/OPERATIONS.md") }
        }
    }

    private static func expressions(in json: Any) -> [String] {
        switch json {
        case let list as [Any]: list.flatMap(expressions)
        case let object as [String: Any]:
            [object["expr"] as? String].compactMap { $0 } + object.values.flatMap(expressions)
        default: []
        }
    }
}
