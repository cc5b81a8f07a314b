import Purging
import Steering
import Synchronization
import TestSupport
import Testing

@Suite("The watch over brakes")
struct BrakeWatchTests {
    private final class Told: Brake {
        let name: String
        private let next: Mutex<@Sendable () async throws -> BrakeReading>

        init(_ name: String) {
            self.name = name
            next = Mutex { .free }
        }

        func says(_ body: @escaping @Sendable () async throws -> BrakeReading) { next.withLock { $0 = body } }

        func ask() async throws -> BrakeReading {
            let body = next.withLock { $0 }
            return try await body()
        }
    }

    private struct Broken: Error, CustomStringConvertible { let description = "it is broken" }

    private let time = ManualTime()

    private func watch(_ brakes: [any Brake]) -> BrakeWatch { BrakeWatch(brakes, time: time) }

    @Test("is on until each has been found free for some time, on at once, and off only after a while")
    func hysteresis() async throws {
        let brake = Told("load")
        let watch = watch([brake])
        // Nobody asks it yet, so it says nothing.
        #expect(watch.reason == nil)
        await watch.askAll()
        #expect(watch.reason == nil)
        brake.says { .busy("60") }
        await watch.askAll()
        #expect(watch.reason == .throttled(by: "load", found: "60"))
        brake.says { .free }
        for _ in 1..<BrakeWatch.calmReadings {
            await watch.askAll()
            #expect(watch.reason != nil)
        }
        brake.says { .busy("55") }
        await watch.askAll()
        brake.says { .free }
        for number in 1...BrakeWatch.calmReadings {
            await watch.askAll()
            #expect((watch.reason == nil) == (number == BrakeWatch.calmReadings))
        }
    }

    @Test("counts one that can't be asked, or hangs, as on, and says so; one that is set up wrongly throws")
    func failures() async throws {
        let (good, bad) = (Told("good"), Told("bad"))
        let watch = watch([good, bad])
        bad.says { throw Broken() }
        await watch.askAll()
        #expect(watch.reason == .throttled(by: "bad", found: "it can't be asked: it is broken"))
        bad.says { .free }
        for _ in 0..<3 { await watch.askAll() }
        #expect(watch.reason == nil)
        time.advance(by: .seconds(6))
        #expect(watch.reason == .throttled(by: "good", found: "it has not answered for 6 s"))
        bad.says { throw BrakeError("no such thing") }
        await watch.askAll()
        await #expect(throws: BrakeError.self) { try await watch.firstReadings(StopSignal()) }
    }

    @Test("an emergency lasts as long as its reading")
    func emergency() async throws {
        let brake = Told("load")
        let watch = watch([brake])
        brake.says { .critical("900") }
        await watch.askAll()
        #expect(watch.emergency == "load: 900")
        #expect(watch.reason != nil)
        brake.says { .free }
        await watch.askAll()
        #expect(watch.emergency == nil)
    }
}
