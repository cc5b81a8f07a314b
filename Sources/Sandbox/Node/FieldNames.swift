import HTTPTypes

extension HTTPField.Name {
    static let weaveTimestamp = known("X-Weave-Timestamp")
    static let weaveBackoff = known("X-Weave-Backoff")
    static let backoff = known("X-Backoff")
    static let lastModifiedInStorage = known("X-Last-Modified")
    static let ifUnmodifiedSinceInStorage = known("X-If-Unmodified-Since")

    private static func known(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("not a header's name") }
        return name
    }
}
