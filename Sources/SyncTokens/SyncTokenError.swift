/// Why a token is refused.
package enum SyncTokenError: Error, Equatable, CustomStringConvertible {
    /// It isn't a token at all, or its claims aren't what a storage node needs.
    case malformed

    /// Another secret signed it, or somebody altered it.
    case signature

    /// It was good until it ended.
    case expired

    package var description: String {
        switch self {
        case .malformed: "the token is malformed"
        case .signature: "the token's signature doesn't match; check that both sides use the same master secret"
        case .expired: "the token has expired; check the clocks of both sides"
        }
    }
}
