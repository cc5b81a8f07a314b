import Foundation

/// Seeds for tests with randomness: other ones each time, so that the tests see more of the world every time they run.
///
/// A test takes them as arguments, so its failure names the seed; `PURGE_TEST_SEED` then plays that one alone.
package enum Seeds {
    package static func some(_ count: Int) -> [UInt64] {
        if let text = ProcessInfo.processInfo.environment["PURGE_TEST_SEED"], let seed = UInt64(text) {
            return [seed]
        }
        return (0..<count).map { _ in UInt64.random(in: 1...999_999_999_999) }
    }
}
