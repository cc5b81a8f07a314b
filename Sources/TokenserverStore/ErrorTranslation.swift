import Purging

/// Turns drivers' errors into the store's; an interruption stays what it is.
func translatingErrors<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
    do {
        return try await body()
    } catch let error as SQLError {
        switch error {
        case .interrupted: throw error
        case .unreachable(let text): throw StoreError.unreachable(text)
        case .busy(let text): throw StoreError.failed("the database stayed busy: \(text)")
        case .failed(let text): throw StoreError.failed("the database refused a statement: \(text)")
        }
    }
}
