/// What is wrong with a database URL, and what to do. Never holds any part of the URL but its scheme and the names of
/// its parameters: the rest may be, or hold, a password.
package struct DatabaseURLError: Error, Sendable, Equatable {
    package let problem: String
    package let remedy: String

    package init(problem: String, remedy: String) {
        self.problem = problem
        self.remedy = remedy
    }
}
