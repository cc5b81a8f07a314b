import Foundation
import Purging
import Sandbox
import TestDatabases
import TestSupport
import Testing

@Suite("The file with a run's metrics")
struct MetricsFileTests {
    private func value(_ name: String, _ text: String) -> Double? {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.flatMap { Double($0.dropFirst(name.count + 1)) }
    }

    @Test("tells how the last run went, and one that could not begin; a collector can read it, whatever the umask")
    func runs() async throws {
        try await TestWorld.with { world async throws in
            try await world.add(SandboxRecord.obsolete(1...30))
            let file = world.folder.appending(path: "purge.prom").path
            let umasked = "umask 077; exec \"$0\" --oneshot --age-slo 30d --node-type mysql --metrics-file '\(file)'"
            let run = try Tool.run(
                URL(filePath: "/usr/bin/env"),
                world.environment.map { "\($0)=\($1)" } + ["sh", "-c", umasked, Program.purge.url.path]
            )
            #expect(run.code == 0, "\(run.text)")
            var text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(value("purge_last_run_exit_code", text) == 0)
            #expect(value("purge_records_deleted_total{type=\"not_down\"}", text) == 30)
            #expect(value("purge_database_up", text) == 1)
            #expect(value("purge_age_slo_seconds", text) == 2_592_000)
            let ended = try #require(value("purge_last_run_timestamp_seconds", text))
            #expect(abs(ended - Date().timeIntervalSince1970) < 60)
            // node_exporter has metrics of these names itself, and would refuse the file.
            #expect(!text.contains("process_") && !text.contains("purge_runs_total{stop_reason=\"complete\"} 0"))
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
            #expect(mode == 0o644)
            let checked = try Tool.run(
                URL(filePath: "/bin/sh"),
                ["-c", "exec \"$1\" check metrics <\"$2\"", "sh", Tool.unpacked("usr/bin/promtool").path, file]
            )
            #expect(checked.code == 0, "\(checked.text)")

            try await world.add(SandboxRecord.obsolete(40...41))
            world.nodes[0].setFaults([try Fault(parsing: "status=400,uids=41")])
            #expect(try await world.purge("--metrics-file", file).code == 3)
            text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(value("purge_last_run_exit_code", text) == 3)
            #expect(value("purge_records_failed_total{reason=\"http_4xx\"}", text) == 1)

            let lost = try await Program.purge.run(
                ["--oneshot", "--database-url", "sqlite:/no/such.db", "--metrics-file", file],
                environment: ["SYNC_MASTER_SECRET": TestWorld.secret]
            )
            #expect(lost.code == 1)
            text = try String(contentsOfFile: file, encoding: .utf8)
            #expect(value("purge_last_run_exit_code", text) == 1 && value("purge_database_up", text) == 0)
            #expect(value("purge_last_run_timestamp_seconds", text) ?? 0 > ended)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: world.folder.path).allSatisfy {
                    !$0.hasPrefix("purge.prom.")
                }
            )
        }
    }

    @Test("of a service is made anew at each run's end")
    func service() async throws {
        try await TestWorld.with { world async throws in
            let file = world.folder.appending(path: "purge.prom").path
            let running = try Program.purge.start(
                ["--purge-interval", "0", "--metrics-file", file],
                environment: world.environment
            )
            for uid in [Int64(1), 2] {
                try await world.add([.obsolete(uid)])
                try await eventually("\(uid) is in the file") {
                    let text = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
                    return value("purge_records_deleted_total{type=\"not_down\"}", text) == Double(uid)
                        || !running.isRunning
                }
            }
            running.send(SIGTERM)
            #expect(await running.finished().code == 0)
        }
    }

    @Test("has to be one that can be made: refused before anything is sent, and told if it fails later")
    func wrongFiles() async throws {
        try await TestWorld.with { world async throws in
            try await world.add([.obsolete(1)])
            for file in ["", "/no/such/folder/purge.prom", world.folder.path, "/dev/null"] {
                let run = try await world.purge("--metrics-file", file)
                #expect(run.code == 64, "\(file): \(run.error)")
            }
            let log = world.folder.appending(path: "a.log").path
            #expect(try await world.purge("--metrics-file", log, "--audit-log", log).code == 64)
            #expect(try await world.purge("--metrics-file", log, "--dryrun").code == 64)
            #expect(world.requests == 0)
            // The place of the partial file is taken by a folder.
            let file = world.folder.appending(path: "purge.prom").path
            let command = "mkdir '\(file).'$$; exec \"$0\" --oneshot --node-type mysql --metrics-file '\(file)'"
            let run = try Tool.run(
                URL(filePath: "/usr/bin/env"),
                world.environment.map { "\($0)=\($1)" } + ["sh", "-c", command, Program.purge.url.path]
            )
            #expect(run.code == 1 && run.text.contains("--metrics-file can't be written"), "\(run.text)")
            #expect(try await world.uids() == [])
        }
    }
}
