import Foundation
import Sandbox
import TestSupport
import Testing

@Suite("What is shipped to run the program in containers")
struct KubernetesTests {
    private static let folder = "deploy/kubernetes"

    /// Every manifest of the bases, without the kustomizations, which have no schema.
    private func manifests() throws -> [URL] {
        try ["base-deployment", "base-cronjob", "common"].flatMap { name in
            try FileManager.default.contentsOfDirectory(
                at: Repository.url("\(Self.folder)/\(name)"),
                includingPropertiesForKeys: nil
            )
        }.filter { $0.pathExtension == "yaml" && $0.lastPathComponent != "kustomization.yaml" }
    }

    /// A YAML file's documents.
    private func documents(_ file: URL) throws -> [[String: Any]] {
        let script = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))"
        let output = try Tool.run(Tool.python(), ["-c", script, file.path])
        try #require(output.code == 0, "\(output.text)")
        return try #require(try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [[String: Any]])
    }

    private func pod(_ path: String, _ keys: [String]) throws -> (spec: [String: Any], container: [String: Any]) {
        var object = try #require(try documents(Repository.url("\(Self.folder)/\(path)")).first)
        for key in keys { object = try #require(object[key] as? [String: Any]) }
        return (object, try #require((object["containers"] as? [[String: Any]])?.first))
    }

    @Test("the manifests keep to the schemas of Kubernetes, strictly", arguments: ["1.29", "1.34", "1.37"])
    func schemas(version: String) throws {
        let files = try manifests()
        #expect(files.count >= 7)
        let checked = try Tool.run(
            Tool.python(),
            ["-m", "kubernetes_validate", "--strict", "--quiet", "-k", version] + files.map(\.path)
        )
        #expect(checked.code == 0 && checked.text.isEmpty, "\(checked.text)")
    }

    @Test("a manifest with a slip is found by that check")
    func slip() throws {
        let text = try Repository.text("\(Self.folder)/base-deployment/deployment.yaml")
        let file = FileManager.default.temporaryDirectory.appending(path: "slip-\(UUID().uuidString).yaml")
        defer { try? FileManager.default.removeItem(at: file) }
        try text.replacing("readOnlyRootFilesystem", with: "readOnlyRootFileSystem")
            .write(to: file, atomically: true, encoding: .utf8)
        let checked = try Tool.run(Tool.python(), ["-m", "kubernetes_validate", "--strict", file.path])
        #expect(checked.code != 0)
    }

    @Test("each kustomization names files that are there")
    func kustomizations() throws {
        let folders = try FileManager.default.contentsOfDirectory(
            at: Repository.url(Self.folder),
            includingPropertiesForKeys: nil
        ).filter(\.hasDirectoryPath)
        #expect(folders.count == 6)
        for folder in folders {
            let file = folder.appending(path: "kustomization.yaml")
            let kustomization = try #require(try documents(file).first)
            let patches = (kustomization["patches"] as? [[String: Any]] ?? []).compactMap { $0["path"] as? String }
            let names = ["resources", "components"].flatMap { kustomization[$0] as? [String] ?? [] } + patches
            #expect(!names.isEmpty)
            for name in names {
                let path = folder.appending(path: name).standardizedFileURL.path
                #expect(FileManager.default.fileExists(atPath: path), "\(name) in \(file.path)")
            }
        }
    }

    @Test("a container has what it takes to be left alone: not root, nothing to write to, and time to end")
    func hardening() throws {
        let (deployment, container) = try pod("base-deployment/deployment.yaml", ["spec", "template", "spec"])
        let (job, worker) = try pod("base-cronjob/cronjob.yaml", ["spec", "jobTemplate", "spec", "template", "spec"])
        for (pod, container) in [(deployment, container), (job, worker)] {
            // 25 seconds for what is in flight, and then what nodes confirmed is settled.
            #expect(pod["terminationGracePeriodSeconds"] as? Int == 45)
            #expect(pod["automountServiceAccountToken"] as? Bool == false)
            #expect((pod["securityContext"] as? [String: Any])?["runAsNonRoot"] as? Bool == true)
            let context = try #require(container["securityContext"] as? [String: Any])
            #expect(context["readOnlyRootFilesystem"] as? Bool == true)
            #expect(context["allowPrivilegeEscalation"] as? Bool == false)
            #expect((context["capabilities"] as? [String: [String]])?["drop"] == ["ALL"])
            #expect(container["resources"] != nil)
        }
    }

    /// The command line of a manifest, with its places in a folder of the test's own.
    private func arguments(_ container: [String: Any], in folder: URL) throws -> [String] {
        try #require(container["args"] as? [String]).map { argument in
            argument.replacing("/run/secrets/purge/", with: "\(folder.path)/").replacing(
                "/run/purge/",
                with: "\(folder.path)/"
            )
            .replacing("0.0.0.0:9090", with: "0")
        }
    }

    private func withSecrets(_ body: (TestWorld) async throws -> Void) async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.replaced(1...40))
            for (name, text) in [("database-url", world.databaseURL), ("master-secret", TestWorld.secret)] {
                try text.write(to: world.folder.appending(path: name), atomically: true, encoding: .utf8)
            }
            try await body(world)
        }
    }

    @Test("the Deployment's command line purges, its probes get their answers, and SIGTERM ends it")
    func deployment() async throws {
        let (_, container) = try pod("base-deployment/deployment.yaml", ["spec", "template", "spec"])
        try await withSecrets { world in
            let program = try Program.purge.start(try arguments(container, in: world.folder))
            let watcher = try await Watcher(program)
            for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
                let get = try #require((container[probe] as? [String: Any])?["httpGet"] as? [String: Any])
                let path = try #require(get["path"] as? String)
                try await eventually("\(path) is well") { try watcher.get(String(path.dropFirst())).status == 200 }
            }
            try await eventually("everything is purged") { try await world.uidsLeft().isEmpty || !program.isRunning }
            program.send(SIGTERM)
            let end = await program.finished()
            #expect(end.code == 0, "\(end.error)")
        }
    }

    @Test("the CronJob's command line purges once")
    func cronJob() async throws {
        let (_, container) = try pod("base-cronjob/cronjob.yaml", ["spec", "jobTemplate", "spec", "template", "spec"])
        try await withSecrets { world in
            let run = try await Program.purge.run(try arguments(container, in: world.folder))
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uidsLeft().isEmpty)
        }
    }

    @Test("the command line beside syncstorage-rs purges, and stays on loopback")
    func compose() async throws {
        let compose = try #require(try documents(Repository.url("deploy/compose/compose.yaml")).first)
        let services = try #require(compose["services"] as? [String: [String: Any]])
        let service = try #require(services["purge-old-records"])
        #expect(service["stop_grace_period"] as? String == "45s")
        #expect(service["read_only"] as? Bool == true)
        #expect((service["ports"] as? [String])?.allSatisfy { $0.hasPrefix("127.0.0.1:") } == true)
        let words = try #require(service["command"] as? [String])
        try await withSecrets { world in
            let arguments = words.map { word in
                word.replacing("/run/secrets/purge-database-url", with: "\(world.folder.path)/database-url")
                    .replacing("/run/secrets/", with: "\(world.folder.path)/")
                    .replacing("/run/purge/", with: "\(world.folder.path)/").replacing("0.0.0.0:9090", with: "0")
            }
            let run = try await Program.purge.run(arguments + ["--oneshot"])
            #expect(run.code == 0, "\(run.error)")
            #expect(try await world.uidsLeft().isEmpty)
        }
    }
}
