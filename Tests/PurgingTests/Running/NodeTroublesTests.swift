import Testing

@testable import Purging

@Suite("Nodes in trouble")
struct NodeTroublesTests {
    private let directory = NodeDirectory(nodes: [.live(1), .live(2)], policy: PurgePolicy())

    private func reasons(_ troubles: NodeTroubles) -> [String] { troubles.list(in: directory).map(\.reason) }

    @Test("are those whose circuit is open at the end, with the ids of their rows")
    func open() {
        var troubles = NodeTroubles()
        troubles.note(.circuitOpen(.serverErrors, for: .seconds(5)), of: Node.url(1))
        troubles.note(.circuitOpen(.unreachable, for: .seconds(5)), of: Node.url(2))
        troubles.note(.recovered, of: Node.url(1))
        #expect(troubles.list(in: directory) == [.init(url: Node.url(2), reason: "unreachable", nodes: [NodeID(2)])])
        troubles.note(.probeFailed(.unreachable, nextIn: .seconds(5)), of: Node.url(2), problem: "connection refused")
        #expect(troubles.list(in: directory).map(\.problem) == ["connection refused"])
        troubles.note(.abandoned(.decommissioned), of: Node.url(2))
        // "connection refused" is not why it is decommissioned.
        #expect(troubles.list(in: directory).map(\.problem) == [nil])
        #expect(reasons(troubles) == ["decommissioned"])
    }

    @Test("stay once records were skipped, though the node is well again")
    func skipped() {
        var troubles = NodeTroubles()
        troubles.noteSkipped(on: Node.url(1), because: nil)
        #expect(troubles.isEmpty)
        troubles.noteSkipped(on: Node.url(1), because: "timeout")
        troubles.noteSkipped(on: Node.url(1), because: "http_5xx")
        troubles.note(.recovered, of: Node.url(1))
        #expect(reasons(troubles) == ["timeout"])
    }
}
