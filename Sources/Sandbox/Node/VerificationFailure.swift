/// Why a node does not take a request as signed.
enum VerificationFailure: Error, Equatable {
    case unsigned
    case header(String)
    case token(String)
    case otherNode
    case clockSkew
    case signature
    case replay

    /// For the answer's body; it repeats nothing of what the request held.
    var reason: String {
        switch self {
        case .unsigned: "the request has no Authorization header"
        case .header(let reason), .token(let reason): reason
        case .otherNode: "the token is for another node"
        case .clockSkew: "the signature's time is too far from this node's clock"
        case .signature: "the signature doesn't match the request"
        case .replay: "this signature was used before"
        }
    }
}
