@testable import Purging
import TestSupport
import Testing

@Suite("The send budget")
struct SendBudgetTests {
    @Test("is exhausted after as many reservations as it has places, and not when one is given back")
    func places() {
        var budget = SendBudget(total: 2)
        budget.reserve()
        #expect(!budget.isExhausted)
        budget.reserve()
        #expect(budget.isExhausted)
        budget.giveBack()
        #expect(!budget.isExhausted)
    }

    @Test("without a limit is never exhausted")
    func noLimit() {
        var budget = SendBudget(total: nil)
        for _ in 0..<1000 {
            budget.reserve()
        }
        #expect(!budget.isExhausted)
    }
}
