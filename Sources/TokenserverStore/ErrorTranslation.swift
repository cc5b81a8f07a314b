import Purging

/// A driver's error as the store's; an interruption, and what is no driver's error, stays what it is.
func storeError(_ error: any Error) -> any Error {
    guard let error = error as? SQLError else { return error }
    return switch error {
    case .interrupted: error
    case .unreachable(let text), .refused(let text): StoreError.unreachable(text)
    case .busy(let text): StoreError.failed("the database stayed busy: \(text)")
    case .denied(let text), .failed(let text): StoreError.failed("the database refused a statement: \(text)")
    }
}

func translatingErrors<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
    do {
        return try await body()
    } catch {
        throw storeError(error)
    }
}
