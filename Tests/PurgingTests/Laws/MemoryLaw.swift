@testable import Purging
import TestSupport
import Testing

@Suite("Law 9: memory depends on the window, not on the backlog")
struct MemoryLaw {
    @Test("pages are read only as fast as records can go on, whatever is slow", arguments: ["node", "database"])
    func boundedReading(_ slow: String) throws {
        var options = RunOptions()
        options.dispatcher.window = 16
        options.settler.capacity = 10
        options.settler.batchSize = 5
        let fixture = RunFixture(nodes: 1, records: .obsolete(1...600), options: options)
        if slow == "node" {
            fixture.nodes.node(Node.url(1)) { _, _ in .init(.confirmed(lastModified: 1), after: .seconds(1)) }
        }
        let box = Peak()
        fixture.store.beforeCall { [time = fixture.time, store = fixture.store, observer = fixture.observer] call in
            if case .settle = call, slow == "database" { await time.sleep(until: time.now + .seconds(2)) }
            let read = observer.compact { if case .pageRead(let records) = $0 { records } else { nil } }.reduce(0, +)
            box.note(read - (600 - store.records.count))
        }
        let summary = try fixture.run()
        #expect(summary.deletedTotal == 600)
        #expect(box.value < 120)
    }
}
