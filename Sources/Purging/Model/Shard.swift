/// One of N parts of the backlog: the records whose uid leaves the same remainder.
package struct Shard: Sendable, Hashable, CustomStringConvertible {
    /// From 0 to `count` - 1.
    package let index: Int
    package let count: Int

    /// - Returns: nil if there is no such shard.
    package init?(_ index: Int, of count: Int) {
        guard count > 0, (0..<count).contains(index) else { return nil }
        self.index = index
        self.count = count
    }

    /// All of the backlog, as the only shard.
    package static let whole = Shard(whole: ())

    private init(whole: ()) { (index, count) = (0, 1) }

    /// All shards that there are.
    package static func all(_ count: Int) -> [Shard] { (0..<max(count, 0)).compactMap { Shard($0, of: count) } }

    package func contains(_ uid: UID) -> Bool {
        let remainder = uid.rawValue % Int64(count)
        return Int(remainder < 0 ? remainder + Int64(count) : remainder) == index
    }

    package var description: String { "\(index)/\(count)" }
}
