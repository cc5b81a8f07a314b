/// What a driver says went wrong, classified where the database's own error code is known. Its texts are one line, and
/// never hold a password or bound values.
package enum SQLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Another client holds what the statement needs, or it took too long: its transaction was rolled back, and the same
    /// can be tried again on the same connection.
    case busy(String)
    /// The statement was ended by ``SQLConnection/interrupt()``.
    case interrupted
    /// The server can't be reached, hung up, or can't serve this client now (it starts, stops, only reads, is full): the
    /// connection is of no more use, but another one may soon be.
    case unreachable(String)
    /// The server, or its certificate, was refused or refuses us, and waiting mends nothing: a wrong password, no such
    /// database, no TLS where it is required.
    case refused(String)
    /// The user lacks a privilege.
    case denied(String)
    case failed(String)

    package var description: String {
        switch self {
        case .busy(let text), .unreachable(let text), .refused(let text), .denied(let text), .failed(let text): text
        case .interrupted: "the statement was interrupted"
        }
    }
}
