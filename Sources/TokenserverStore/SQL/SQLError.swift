/// What a driver says went wrong, classified where the database's own error code is known. Its texts never hold
/// credentials or bound values.
package enum SQLError: Error, Sendable, CustomStringConvertible {
    /// Another client holds what the statement needs; the same can be tried again.
    case busy(String)
    /// The statement was ended by ``SQLConnection/interrupt()``.
    case interrupted
    /// The database can't be opened or reached.
    case unreachable(String)
    case failed(String)

    package var description: String {
        switch self {
        case .busy(let text), .unreachable(let text), .failed(let text): text
        case .interrupted: "the statement was interrupted"
        }
    }
}
