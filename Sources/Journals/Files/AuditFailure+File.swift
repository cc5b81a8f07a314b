import Foundation
import Purging

extension AuditFailure {
    /// What the operating system said last of a file, and what that means.
    static func of(_ verb: String, _ path: String) -> AuditFailure {
        AuditFailure(
            description: "can't \(verb) the audit log \(path): \(String(cString: strerror(errno)));"
                + " nothing more is sent without it"
        )
    }
}
