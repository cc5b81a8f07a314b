import Testing

@testable import Purging

@Suite("Records that are read again")
struct RereadsTests {
    @Test("go one reading at a time, each with all that waited, in the order of the uids")
    func readings() {
        var rereads = Rereads()
        let none = rereads.begin()
        #expect(rereads.isIdle && none == nil)
        for uid in [5, 3, 4] { rereads.add(UID(Int64(uid)), .decision()) }
        let first = rereads.begin()
        #expect(first == [3, 4, 5].map { UID($0) })
        rereads.add(UID(1), .decision())
        let early = rereads.begin()
        #expect(early == nil && rereads.isReading)
        let arrived = rereads.end().map(\.uid)
        #expect(arrived == [3, 4, 5].map { UID($0) } && !rereads.isIdle)
        let second = rereads.begin()
        #expect(second == [UID(1)])
        let (last, nothing) = (rereads.end().count, rereads.end().count)
        #expect(last == 1 && nothing == 0 && rereads.isIdle)
    }

    @Test("are too slow after ten readings in a row that were too old on arrival")
    func slowness() {
        var rereads = Rereads()
        let few = (0..<9).map { _ in rereads.noteArrival(isStale: true) }
        let good = rereads.noteArrival(isStale: false)
        let many = (0..<10).map { _ in rereads.noteArrival(isStale: true) }
        #expect(!few.contains(true) && !good)
        #expect(many == Array(repeating: false, count: 9) + [true])
    }

    @Test("that wait are dropped at a stop, and those that are being read arrive")
    func drop() {
        var rereads = Rereads()
        rereads.add(UID(1), .decision())
        _ = rereads.begin()
        rereads.add(UID(2), .decision())
        let jobs = rereads.dropWaiting()
        let arrived = rereads.end().map(\.uid)
        #expect(jobs.isEmpty && arrived == [UID(1)])
        #expect(rereads.isIdle)
    }
}
