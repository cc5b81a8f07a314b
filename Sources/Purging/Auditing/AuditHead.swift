/// The last line of an audit log as a run left it. Whoever keeps it elsewhere can tell later whether the log was cut.
package struct AuditHead: Sendable, Equatable, CustomStringConvertible {
    /// The line's number in its chain.
    package let number: Int64
    /// SHA-256 over the line, in hexadecimal.
    package let hash: String
    package let isSigned: Bool

    package init(number: Int64, hash: String, isSigned: Bool) {
        self.number = number
        self.hash = hash
        self.isSigned = isSigned
    }

    package var description: String { "\(number):\(hash)" }
}
