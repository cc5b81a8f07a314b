import Foundation
import Sandbox
import TestSupport
import Testing

/// On the program as it was built for the tests; the package on another one, if `PURGE_TEST_PACKAGE` names it.
@Suite("Installed from the sources or from a Debian package")
struct PackageTests {
    private func withFolder(_ body: (URL) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "installed-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try await body(folder)
    }

    private func script(_ name: String, _ arguments: [String]) throws -> String {
        let output = try Tool.run(Repository.url("Scripts/\(name)"), arguments)
        try #require(output.code == 0, "\(output.text)")
        return output.text
    }

    /// What stands below a folder, and is no folder itself.
    private func files(below folder: URL) throws -> [String] {
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return paths.filter { path in
            var isDirectory: ObjCBool = false
            let exists = FileManager.default.fileExists(
                atPath: folder.appending(path: path).path,
                isDirectory: &isDirectory
            )
            return exists && !isDirectory.boolValue
        }
    }

    private func purges(_ program: URL) async throws {
        try await TestWorld.with { world in
            try await world.add(SandboxRecord.replaced(1...20))
            let run = try Program.Running(program, ["--oneshot"], environment: world.environment, input: nil)
            let end = await run.finished()
            #expect(end.code == 0, "\(end.error)")
            #expect(try await world.uidsLeft().isEmpty)
        }
    }

    private func install(into folder: URL) throws {
        _ = try script(
            "install-files",
            [Program.purge.url.path, Program.manual.url.path, "/opt/purge", folder.path]
        )
    }

    @Test("everything has its place, and units name the program where it is")
    func installed() async throws {
        // What an operator has beside the shipped files is nobody else's business.
        let secrets = Repository.url("deploy/compose/secrets")
        let secret = secrets.appending(path: "test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: secrets, withIntermediateDirectories: true)
        try Data("secret".utf8).write(to: secret)
        defer { try? FileManager.default.removeItem(at: secret) }
        try await withFolder { folder in
            try install(into: folder)
            let prefix = "opt/purge"
            let files = Set(try files(below: folder))
            #expect(!files.contains { $0.contains("secrets/") }, "\(files)")
            for file in [
                "bin/purge-old-records", "share/man/man1/purge-old-records.1.gz",
                "share/bash-completion/completions/purge-old-records", "share/zsh/site-functions/_purge-old-records",
                "share/fish/vendor_completions.d/purge-old-records.fish",
                "share/doc/purge-old-records/docs/OPERATIONS.md", "share/doc/purge-old-records/docs/grants/mysql.sql",
                "share/doc/purge-old-records/deploy/prometheus/purge-old-records.rules.yml",
                "share/doc/purge-old-records/deploy/kubernetes/base-deployment/deployment.yaml",
                "share/doc/purge-old-records/deploy/compose/compose.yaml",
            ] { #expect(files.contains("\(prefix)/\(file)"), "\(file)") }
            for name in ["purge-old-records.service", "purge-old-records-once.service"] {
                let unit = folder.appending(path: "etc/systemd/system/\(name)")
                let text = try String(contentsOf: unit, encoding: .utf8)
                #expect(text.contains("ExecStart=/opt/purge/bin/purge-old-records "))
            }
            try await purges(folder.appending(path: "\(prefix)/bin/purge-old-records"))
        }
    }

    @Test(
        "a prefix that would not do in units, or can't be written, is refused",
        arguments: ["/opt/my tools", "local", "/proc/x"]
    )
    func prefixes(prefix: String) throws {
        let output = try Tool.run(
            Repository.url("Scripts/install-files"),
            [Program.purge.url.path, Program.manual.url.path, prefix]
        )
        #expect(output.code == (prefix.hasPrefix("/proc") ? 1 : 64))
        #expect(output.text.split(separator: "\n").count == 1, "\(output.text)")
    }

    @Test("the manual tells about each option that --help has, with its default, and has no slip in its markup")
    func manual() async throws {
        try await withFolder { folder in
            try install(into: folder)
            let page = folder.appending(path: "opt/purge/share/man/man1/purge-old-records.1.gz")
            let shown = try Tool.run(
                URL(filePath: "/usr/bin/env"),
                ["MANWIDTH=200", "LC_ALL=C.UTF-8", "man", "--warnings=w", "--local-file", page.path]
            )
            #expect(shown.code == 0)
            #expect(!shown.text.contains("warning"), "\(shown.text.prefix(500))")
            let help = try await Program.purge.run(["--help"]).output
            let options = help.matches(of: /(?:^|\n)  (?:-\w, )?(--[a-z0-9_-]+)/).map { String($0.1) }
            #expect(options.count > 40)
            for option in options { #expect(shown.text.contains(option), "\(option)") }
            for text in ["The default is 86400.", "EXIT STATUS", "SIGNALS", "purge-old-records backlog [options]"] {
                #expect(shown.text.contains(text), "\(text)")
            }
        }
    }

    @Test(
        "bash completes options, subcommands, words and files",
        arguments: [
            ("purge-old-records --dry", "--dryrun"), ("purge-old-records backl", "backlog"),
            ("purge-old-records backlog --js", "--json"), ("purge-old-records purge --on-failure l", "leave"),
            ("purge-old-records --order del", "deleted-first"),
            ("purge-old-records --secret-file /etc/passw", "/etc/passwd"),
        ]
    )
    func completion(line: String, expected: String) async throws {
        let bash = """
            source /dev/stdin
            line=$1
            COMP_LINE=$line COMP_POINT=${#line}
            read -ra COMP_WORDS <<<"$line"
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            function=$(complete -p purge-old-records | sed -E 's/.*-F ([^ ]+).*/\\1/')
            "$function" purge-old-records "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let script = try await Program.purge.run(["--generate-completion-script", "bash"]).output
        let run = try Program.Running(
            URL(filePath: "/bin/bash"),
            ["-c", bash, "bash", line],
            environment: ["PATH": "/usr/bin:/bin"],
            input: script
        )
        let end = await run.finished()
        #expect(end.output.split(separator: "\n").contains { $0.hasPrefix(expected) }, "\(end.output) \(end.error)")
    }

    @Test("the Debian package is made, installed, run and removed again")
    func debian() async throws {
        try await withFolder { folder in
            var package = ProcessInfo.processInfo.environment["PURGE_TEST_PACKAGE"] ?? ""
            if package.isEmpty {
                package =
                    try script(
                        "debian-package",
                        [Program.purge.url.path, Program.manual.url.path, folder.path]
                    ).split(separator: "\n").last.map(String.init) ?? ""
            }
            let control = try Tool.run(URL(filePath: "/usr/bin/dpkg-deb"), ["--field", package])
            #expect(control.code == 0)
            for text in ["Package: purge-old-records", "libpq5", "libmariadb3", "libsqlite3-0"] {
                #expect(control.text.contains(text), "\(control.text)")
            }
            // Below a root of its own, with a database of packages of its own.
            let root = folder.appending(path: "root")
            for name in ["info", "updates", "triggers"] {
                try FileManager.default.createDirectory(
                    at: root.appending(path: "var/lib/dpkg/\(name)"),
                    withIntermediateDirectories: true
                )
            }
            for name in ["status", "available"] {
                try Data().write(to: root.appending(path: "var/lib/dpkg/\(name)"))
            }
            func dpkg(_ arguments: String...) throws {
                let output = try Tool.run(
                    URL(filePath: "/usr/bin/dpkg"),
                    [
                        "--root", root.path, "--log", "/dev/null", "--force-depends", "--force-not-root",
                        "--force-script-chrootless",
                    ] + arguments
                )
                try #require(output.code == 0, "\(output.text)")
            }
            try dpkg("--install", package)
            let installed = Set(try files(below: root))
            for file in [
                "usr/share/man/man1/purge-old-records.1.gz", "usr/lib/systemd/system/purge-old-records.service",
                "usr/share/zsh/vendor-completions/_purge-old-records", "usr/share/doc/purge-old-records/copyright",
                "usr/share/doc/purge-old-records/licenses/swift-nio/NOTICE.txt", "etc/logrotate.d/purge-old-records",
            ] { #expect(installed.contains(file), "\(file)") }
            try await purges(root.appending(path: "usr/bin/purge-old-records"))
            try dpkg("--remove", "purge-old-records")
            #expect(try !files(below: root).contains { $0.hasPrefix("usr/") })
        }
    }
}
