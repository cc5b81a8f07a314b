import Purging
import TestSupport
import Testing

@Suite("Law 12: every held record has a named reason and a remedy")
struct RemedyLaw {
    @Test("each reason has one", arguments: HoldReason.allCases)
    func remedy(_ reason: HoldReason) {
        #expect(reason.remedy.contains("--") || reason.remedy.contains("URL"))
        #expect(!reason.rawValue.isEmpty)
    }
}
