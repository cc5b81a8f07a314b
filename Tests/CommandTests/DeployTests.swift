import Foundation
import Sandbox
import TestSupport
import Testing

@Suite("What is shipped to run the program with systemd and cron")
struct DeployTests {
    private static let deploy = Repository.url("deploy")
    private static let services = ["purge-old-records.service", "purge-old-records-once.service"]
    private static let installed = "/usr/bin/purge-old-records"

    /// The units as they are, but for the place of the program.
    private func withUnits(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "units-\(UUID().uuidString)")
        try FileManager.default.copyItem(at: Self.deploy.appending(path: "systemd"), to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in Self.services {
            let unit = folder.appending(path: name)
            let text = try String(contentsOf: unit, encoding: .utf8)
            #expect(text.contains("ExecStart=\(Self.installed) "))
            try text.replacing(Self.installed, with: Program.purge.url.path).write(
                to: unit,
                atomically: true,
                encoding: .utf8
            )
        }
        try await body(folder)
    }

    private func analyze(_ arguments: [String]) throws -> Tool.Output {
        try Tool.run(URL(filePath: "/usr/bin/systemd-analyze"), arguments)
    }

    @Test("systemd has nothing to say against the units, and little against their exposure")
    func units() async throws {
        try await withUnits { folder in
            let names = Self.services + ["purge-old-records-once.timer"]
            let verified = try analyze(["verify", "--man=no"] + names.map { folder.appending(path: $0).path })
            #expect(verified.code == 0 && verified.text.isEmpty, "\(verified.text)")
            for name in Self.services {
                // In tenths: below 2.0 of 10.
                let rated = try analyze([
                    "security", "--offline=true", "--threshold=20", folder.appending(path: name).path,
                ])
                #expect(rated.code == 0, "\(rated.text.suffix(200))")
            }
        }
    }

    @Test("the units' command lines are ones that the program takes", arguments: services)
    func commandLines(unit: String) async throws {
        let text = try String(contentsOf: Self.deploy.appending(path: "systemd/\(unit)"), encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("ExecStart=") })
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.obsolete(1...5))
            try TestWorld.secret.write(
                to: world.folder.appending(path: "master-secret"),
                atomically: true,
                encoding: .utf8
            )
            // systemd puts the words of the options' file in this place.
            let template = try String(contentsOf: Self.deploy.appending(path: "default/options"), encoding: .utf8)
            #expect(line.hasSuffix(" $OPTIONS") && text.contains("\nEnvironmentFile=-/etc/purge-old-records/options\n"))
            #expect(template.contains("\nOPTIONS=\n"))
            let options = line.split(separator: " ").dropFirst().dropLast().map { word in
                String(word).replacing("${CREDENTIALS_DIRECTORY}", with: world.folder.path)
                    .replacing("/var/log/purge-old-records", with: world.folder.path)
                    .replacing("/etc/purge-old-records", with: world.folder.path)
                    .replacing("/run/purge-old-records", with: world.folder.path)
            }
            let run = try await Program.purge.run(
                options + (options.contains("--oneshot") ? [] : ["--oneshot"]),
                environment: ["SYNC_TOKENSERVER__DATABASE_URL": world.databaseURL]
            )
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uids().isEmpty)
        }
    }

    @Test("the line for cron is one that the program takes, and tells of a failure")
    func cron() async throws {
        let text = try String(contentsOf: Self.deploy.appending(path: "cron/purge-old-records"), encoding: .utf8)
        let line = try #require(text.split(separator: "\n").last)
        let words = line.split(separator: " ", maxSplits: 6)
        #expect(words[5] == "syncstorage")
        #expect(words[6].hasPrefix("result=$(\(Self.installed) "))
        try await TestWorld.with { world in
            // The line says nothing of the storage: what a login might get back would be held.
            try await world.add(SandboxRecord.replaced(1...5))
            for (name, text) in [("database-url", world.databaseURL), ("master-secret", TestWorld.secret)] {
                try text.write(to: world.folder.appending(path: name), atomically: true, encoding: .utf8)
            }
            // As cron runs it, but for the places, and with a file in place of the system's log.
            let command = String(words[6]).replacing(Self.installed, with: Program.purge.url.path)
                .replacing("/etc/purge-old-records", with: world.folder.path)
                .replacing("/var/lib/purge-old-records", with: world.folder.path)
                .replacing("logger --tag purge-old-records", with: "cat >'\(world.folder.path)/log'")
            func run() async throws -> Program.Finished {
                try await Program.Running(
                    URL(filePath: "/bin/bash"),
                    ["-c", command],
                    environment: ["PATH": "/usr/bin:/bin"],
                    input: nil
                ).finished()
            }
            let good = try await run()
            #expect(good.output.isEmpty, "\(good.output) \(good.error)")
            #expect(try await world.uidsLeft().isEmpty)
            try await world.add(SandboxRecord.replaced(11...15))
            world.nodes[0].setFaults([try Fault(parsing: "status=400,uids=13")])
            let bad = try await run()
            let mail = bad.output.split(separator: "\n")
            #expect(mail.count == 5 && mail.first?.hasPrefix("Run ended: complete, after ") == true, "\(bad.output)")
            #expect(mail.last?.hasPrefix("purge-old-records ended with code 3") == true, "\(bad.output)")
            try FileManager.default.removeItem(at: world.folder.appending(path: "master-secret"))
            #expect(try await run().output.contains("ended with code 64"))
        }
    }
}
