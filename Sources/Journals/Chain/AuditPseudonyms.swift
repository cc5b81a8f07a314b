import Crypto
import Foundation
package import Purging

/// Names accounts by a keyed hash, HMAC-SHA256 over `users.email` as the database has it: whoever has no key can't tell
/// which account a name stands for, nor try out whether it stands for a certain one.
package struct AuditPseudonyms: Sendable {
    /// Below this the key could be guessed.
    package static let shortestKey = 16

    private let key: SymmetricKey

    /// Nil if the key is too short.
    package init?(key: [UInt8]) {
        guard key.count >= Self.shortestKey else { return nil }
        self.key = SymmetricKey(data: key)
    }

    package func name(_ email: AccountEmail) -> String {
        Hexadecimal.text(Array(HMAC<SHA256>.authenticationCode(for: Data(email.unredacted.utf8), using: key)))
    }
}
