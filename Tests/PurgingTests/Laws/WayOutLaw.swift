import Purging
import TestSupport
import Testing

@Suite("Law 12: every held record has a named reason and a way out")
struct WayOutLaw {
    @Test("each reason has one", arguments: HoldReason.allCases)
    func remedy(_ reason: HoldReason) {
        #expect(reason.remedy.contains("--") || reason.remedy.contains("URL"))
        #expect(!reason.rawValue.isEmpty)
    }
}
