import Crypto
import Foundation
package import Purging

/// Names accounts by a keyed hash, HMAC-SHA256 over `users.email` as the database has it: whoever has no key can't tell
/// which account a name stands for, nor try out whether it stands for a certain one.
package struct AuditPseudonyms: Sendable {
    /// Below this the key could be guessed.
    package static let shortestKey = 16

    /// With the key taken in, and nothing else.
    private let keyed: HMAC<SHA256>

    /// Nil if the key is too short.
    package init?(key: [UInt8]) {
        guard key.count >= Self.shortestKey else { return nil }
        keyed = HMAC<SHA256>(key: SymmetricKey(data: key))
    }

    /// Tells one key from another, and nothing of the key.
    package var check: String {
        var code = keyed
        code.update(data: Data("purge-old-records: which key".utf8))
        return code.finalize().withUnsafeBytes { Hexadecimal.text($0.prefix(8)) }
    }

    package func name(_ email: AccountEmail) -> String {
        var code = keyed
        var text = email.unredacted
        text.withUTF8 { code.update(data: UnsafeRawBufferPointer($0)) }
        return code.finalize().withUnsafeBytes { Hexadecimal.text($0) }
    }
}
