/// Wrong input: one line that says what is wrong, and one that says what to do. Neither holds a secret.
struct UsageError: Error, Equatable {
    let problem: String
    let remedy: String
}
