import Dispatch

/// Runs blocking work one piece after the other, on a thread that isn't the concurrency pool's: the uses of a database
/// connection, or of a file.
package struct SerialQueue: Sendable {
    private let queue: DispatchQueue

    package init(label: String) { queue = DispatchQueue(label: label) }

    package func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result(catching: body)) }
        }
    }

    /// For what nobody waits for.
    package func submit(_ body: @escaping @Sendable () -> Void) { queue.async(execute: body) }
}
