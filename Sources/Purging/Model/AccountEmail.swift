/// A user's identity in Tokenserver, `<fxa_uid>@<domain>`.
///
/// It is personal data: its descriptions are redacted; the whole of it goes into the database's statements only. Which records
/// belong to one user is decided by the database, by its own collation, never by comparing these texts.
package struct AccountEmail: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    private let text: String

    package init(_ text: String) { self.text = text }

    /// The account id that a token carries: all before the first `@`, or the whole text if there is none.
    package var fxaUID: String {
        text.utf8.firstIndex(of: UInt8(ascii: "@")).map { String(text[..<$0]) } ?? text
    }

    /// For the database's statements alone.
    package var unredacted: String { text }

    package var description: String { "<redacted>" }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
