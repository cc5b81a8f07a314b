/// Why a text can't be a master secret.
package enum MasterSecretError: Error, Equatable, CustomStringConvertible {
    /// The text has no characters: anybody could sign with such a secret.
    case empty

    package var description: String {
        switch self {
        case .empty: "the master secret is empty; give the secret that the storage nodes verify tokens with"
        }
    }
}
