/// The primary key of a record in `users`; a user gets a new one with each new encryption key or node.
package struct UID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    package static func < (lhs: UID, rhs: UID) -> Bool { lhs.rawValue < rhs.rawValue }

    package var description: String { String(rawValue) }
}
