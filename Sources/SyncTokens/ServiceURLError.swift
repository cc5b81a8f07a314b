/// Why a text can't be a storage node's base URL. It never quotes the text, which may hold a password.
package enum ServiceURLError: Error, Equatable, CustomStringConvertible {
    case forbiddenCharacter
    case unsupportedScheme
    case userInfo
    case query
    case fragment
    case emptyHost
    case invalidHost
    case invalidPort
    case invalidPath

    package var description: String {
        switch self {
        case .forbiddenCharacter:
            "the URL holds white space, a control character or a character outside ASCII"
        case .unsupportedScheme:
            "the URL doesn't begin with http:// or https://"
        case .userInfo:
            "the URL holds a user name or a password, which a storage node's URL can't have"
        case .query:
            "the URL has a query, which a storage node's URL can't have"
        case .fragment:
            "the URL has a fragment, which a storage node's URL can't have"
        case .emptyHost:
            "the URL has no host"
        case .invalidHost:
            "the URL's host is neither a name nor an IP address"
        case .invalidPort:
            "the URL's port isn't a number from 1 to 65535"
        case .invalidPath:
            "the URL's path holds a forbidden character, a broken percent-encoding, or a . or .. segment"
        }
    }
}
