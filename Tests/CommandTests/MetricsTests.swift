import Foundation
import Purging
import Sandbox
import TestDatabases
import Testing
import TokenserverStore

@Suite("Metrics of a run")
struct MetricsTests {
    @Test("reach statsd with real tag values", arguments: TestDatabase.Kind.allCases)
    func statsd(_ kind: TestDatabase.Kind) async throws {
        let receiver = try DatagramReceiver()
        try await TestWorld.with(kind) { world async throws in
            var malformed = SandboxRecord.obsolete(30)
            malformed.clientState = "zz"
            try await world.add(
                SandboxRecord.obsolete(1...20) + [malformed] + SandboxRecord.obsolete(40...43, node: 9)
                    + [.obsolete(50), .obsolete(51)]
            )
            world.nodes[0].faults = FaultPlan(
                [try Fault(parsing: "status=404,uids=50"), try Fault(parsing: "status=403,uids=51")]
            )
            let run = try await world.purge("--metric_host", "127.0.0.1", "--metric_port", String(receiver.port))
            #expect(run.code == 3)
            let lines = try receiver.lines()
            // A counter is sent once for each flush, so its values add up.
            func counted(_ name: String, _ tag: String? = nil) -> Int {
                let ending = tag.map { "|c|#\($0)" } ?? "|c"
                return lines.filter { $0.hasPrefix("tokenserver.\(name):") && $0.hasSuffix(ending) }
                    .compactMap { $0.split(separator: ":")[1].split(separator: "|").first.flatMap { Int($0) } }
                    .reduce(0, +)
            }
            #expect(counted("delete_user", "type:not_down") == 20)
            #expect(counted("delete_data", "type:not_down") == 20)
            #expect(counted("delete_user", "type:nodeless") == 4)
            #expect(counted("row_failure", "reason:malformed") == 1)
            #expect(counted("row_failure", "reason:http_4xx") == 1)
            #expect(counted("row_held", "reason:not_found") == 1)
            #expect(lines.contains("tokenserver.purge.backlog.size:27|g"), "\(lines)")
            #expect(counted("purge.run.success") == 1)
            #expect(lines.contains { $0.hasPrefix("tokenserver.purge.run.duration_ms:") && $0.hasSuffix("|ms") })
            #expect(counted("error.gone") == 2)
            #expect(!lines.contains { $0.contains(TestWorld.secret) })
        }
    }

    @Test("tell of a run that could not begin", arguments: TestDatabase.Kind.allCases)
    func notBegun(_ kind: TestDatabase.Kind) async throws {
        let receiver = try DatagramReceiver()
        try await TestWorld.with(kind) { world async throws in
            try await world.tokenserver.execute("DROP TABLE services")
            let run = try await world.purge("--metric_host", "127.0.0.1", "--metric_port", String(receiver.port))
            #expect(run.code == 1)
            let lines = try receiver.lines()
            #expect(lines.contains("tokenserver.purge.run.failure:1|c"), "\(lines)")
        }
    }

    @Test("sent to nobody never disturb a run", arguments: TestDatabase.Kind.allCases)
    func unreachable(_ kind: TestDatabase.Kind) async throws {
        try await TestWorld.with(kind) { world async throws in
            try await world.add(SandboxRecord.obsolete(1...5))
            for host in ["127.0.0.1", "no-such-host.invalid"] {
                let run = try await world.purge("--metric_host", host, "--metric_port", "9")
                #expect(run.code == 0)
            }
            #expect(try await world.uids() == [])
        }
    }
}

/// A UDP socket on loopback that keeps what it gets.
struct DatagramReceiver {
    let port: Int
    private let socket: Int32

    init() throws {
        socket = Foundation.socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = socket
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    /// All lines that have come so far.
    func lines() throws -> [String] {
        var lines: [String] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
            if count <= 0 { break }
            lines += String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "\n").map(String.init)
        }
        close(socket)
        return lines
    }
}
