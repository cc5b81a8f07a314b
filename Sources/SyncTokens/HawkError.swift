/// What is wrong with a Hawk header, or with what one was to be made of.
package enum HawkError: Error, Equatable, CustomStringConvertible {
    /// The header has more bytes than ``HawkHeader/maximumLength``.
    case tooLong

    /// The header is for another authentication scheme.
    case otherScheme

    /// The header isn't a list of `name="value"` between commas.
    case malformed

    case unknownAttribute(String)
    case duplicateAttribute(String)
    case missingAttribute(String)

    /// `ts` isn't a whole number of seconds since 1970, written without sign or leading zeros.
    case invalidTimestamp

    /// A value can't be signed: it is empty, or holds a character that would break out of its place in the header or
    /// in the text under the signature.
    case unsignable(String)

    package var description: String {
        switch self {
        case .tooLong: "the Hawk header is longer than \(HawkHeader.maximumLength) bytes"
        case .otherScheme: "the header isn't a Hawk header"
        case .malformed: "the Hawk header is malformed"
        case .unknownAttribute(let name): "the Hawk header has an unknown attribute: \(name)"
        case .duplicateAttribute(let name): "the Hawk header has an attribute twice: \(name)"
        case .missingAttribute(let name): "the Hawk header lacks an attribute: \(name)"
        case .invalidTimestamp: "the Hawk header's ts isn't a number of seconds"
        case .unsignable(let name): "the \(name) can't be signed: it is empty or holds a forbidden character"
        }
    }
}
