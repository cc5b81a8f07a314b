/// One request to a node and what came of it; never its token.
package struct RequestLogEntry: Sendable, Hashable {
    /// Counts from 1 in the order in which the node answered.
    package internal(set) var sequence = 0
    /// By the clock of this machine, whatever the node's own clock says.
    package var time: StorageTime
    package var method: String
    package var path: String
    /// The uid of the path.
    package var uid: Int64?
    /// The account and key id of the token; nil unless the token and the signature were verified.
    package var fxaUID: String?
    package var keyID: String?
    /// What was answered; 0 when it was nothing that HTTP knows.
    package var status = 0
    /// The effect of the fault that this request met, as `Fault` spells it.
    package var fault: String?
    /// Whether this request carried out a DELETE, with or without data to remove, whatever was answered.
    package var performed = false
    /// Whether it was carried out and the answer, a 2xx, says so.
    package var confirmed = false
    /// Whether this request removed data.
    package var removed = false
    /// The size of the data that was removed.
    package var bytes = 0
    /// For a DELETE, when the data had been modified last; `.never` when nothing was stored.
    package var lastModified: StorageTime?
    /// The header as it came.
    package var ifUnmodifiedSince: String?

    /// The entry as one line of JSON.
    package var jsonLine: String {
        var json = JSONLine()
        json.add("sequence", sequence)
        json.add("time", time)
        json.add("method", method)
        json.add("path", path)
        json.add("uid", uid)
        json.add("fxa_uid", fxaUID)
        json.add("fxa_kid", keyID)
        json.add("status", status)
        json.add("fault", fault)
        json.add("performed", performed)
        json.add("confirmed", confirmed)
        json.add("removed", removed)
        json.add("bytes", bytes)
        json.add("last_modified", lastModified)
        json.add("if_unmodified_since", ifUnmodifiedSince)
        return json.line
    }
}
