/// The primary key of a row in `nodes`. A record may name a node whose row is gone.
package struct NodeID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: Int64

    package init(rawValue: Int64) { self.rawValue = rawValue }

    package init(_ rawValue: Int64) { self.rawValue = rawValue }

    /// Of a malformed record that names none. No row of `nodes` has such an id.
    package static let none = NodeID(-1)

    package static func < (lhs: NodeID, rhs: NodeID) -> Bool { lhs.rawValue < rhs.rawValue }

    package var description: String { String(rawValue) }
}
