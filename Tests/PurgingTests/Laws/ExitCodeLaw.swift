@testable import Purging
import TestSupport
import Testing

@Suite("Law 10: the exit code tells the truth")
struct ExitCodeLaw {
    private func code(isStrict: Bool = false, _ configure: (inout RunSummary) -> Void) -> Int32 {
        var summary = RunSummary()
        configure(&summary)
        return summary.exitCode(isStrict: isStrict)
    }

    @Test("0 when all was done that could safely be done, 3 for what is held or waits only when strict")
    func heldAndWaiting() {
        let cases: [(inout RunSummary) -> Void] = [
            { $0.held = [.revivable: 1] }, { $0.onDownedNodes = 5 }, { $0.waiting = [.tombstoneLast: 1] },
            { $0.waiting = [.nodeDown: 1] }, { $0.stopReason = .maxRecords },
            {
                $0.onDownedNodes = nil
                $0.hasDownedNodes = true
            },
        ]
        for configure in cases {
            #expect(code(configure) == 0)
            #expect(code(isStrict: true, configure) == 3)
        }
        #expect(code(isStrict: true) { $0.deleted = [.notDown: 9] } == 0)
        #expect(code(isStrict: true) { $0.onDownedNodes = nil } == 0)
    }

    @Test("3 when records failed, or nodes could not be reached or answered wrongly")
    func trouble() {
        #expect(code { $0.failed = [.timeout: 1] } == 3)
        #expect(code { $0.skipped = 1 } == 3)
        #expect(code { $0.troubledNodes = [RunSummary.NodeTrouble(url: "u", reason: "r")] } == 3)
    }

    @Test("1 when the run could not be done, whatever else is true")
    func errors() {
        for reason in [StopReason.secretRefused, .loopDetected, .storeFailed("x"), .nodesImplausible("x")] {
            #expect(code { $0.stopReason = reason } == 1)
            #expect(code { ($0.stopReason, $0.failed) = (reason, [.timeout: 1]) } == 1)
            #expect(reason.detail != nil)
        }
    }

    @Test("0 when it was told to stop")
    func stopRequested() {
        #expect(code(isStrict: true) { ($0.stopReason, $0.held) = (.stopRequested, [.revivable: 1]) } == 0)
    }

    @Test("clocks disagree when they are more than a minute apart, either way")
    func clocks() {
        var summary = RunSummary()
        for (seconds, disagree) in [(60, false), (61, true), (-60, false), (-61, true)] {
            summary.clockSkew = .seconds(seconds)
            #expect(summary.clocksDisagree == disagree)
        }
    }
}
