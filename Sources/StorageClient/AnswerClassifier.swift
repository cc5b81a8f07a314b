import Purging

/// The status table: what a storage node's response means.
struct AnswerClassifier: Sendable {
    /// `--accept-404`: a 404 means that nothing is stored there.
    var acceptsNotFound = false
    /// `--accept-bare-2xx`: a success counts without `X-Weave-Timestamp`.
    var acceptsBareSuccess = false

    func verdict(status: Int, headers: ResponseHeaders) -> NodeAnswer.Verdict {
        switch status {
        case 200..<300:
            if headers.weaveTimestamp == nil, !acceptsBareSuccess {
                return .misrouted(status: status, what: "\(headers.sender), without X-Weave-Timestamp")
            }
            return .confirmed(lastModified: headers.lastModified)
        case 401: return .signatureRefused
        case 404: return acceptsNotFound ? .confirmed(lastModified: nil) : .notFound
        // Only a proxy asks for a proxy's password.
        case 407: return .misrouted(status: status, what: headers.sender)
        case 412: return .writtenSince
        case 409, 423, 429, 503: return .busy(status: status)
        case 400..<500: return .refused(status: status)
        case 513: return .decommissioned
        case 500..<600: return .trouble(status: status)
        default: return .misrouted(status: status, what: headers.sender)
        }
    }
}
