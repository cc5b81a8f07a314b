import Crypto

/// The Merkle tree of RFC 6962 over lines' hashes, grown from left to right. It keeps one hash for each power of two in
/// the number of its leaves.
package struct HashTree: Sendable, Equatable {
    package private(set) var count = 0
    /// By level, lowest first: the root of a whole subtree, if the count has this bit.
    private var peaks: [Hash256?] = []

    package init() {}

    /// Two neighbours that become one.
    struct Joint {
        let left: Hash256
        let right: Hash256
        /// The leaves under each of them, counted from 0.
        let leftLeaves: Range<Int>
        let rightLeaves: Range<Int>
    }

    package mutating func add(_ line: Hash256) { add(line) { _ in } }

    mutating func add(_ line: Hash256, joined: (Joint) -> Void) {
        count += 1
        var node = Self.leaf(line)
        var level = 0
        while level < peaks.count, let left = peaks[level] {
            let middle = count - (1 << level)
            joined(
                Joint(left: left, right: node, leftLeaves: middle - (1 << level)..<middle, rightLeaves: middle..<count)
            )
            node = Self.node(left, node)
            peaks[level] = nil
            level += 1
        }
        if level == peaks.count { peaks.append(node) } else { peaks[level] = node }
    }

    /// The hash over all leaves; that of an empty tree is the hash of nothing.
    package var root: Hash256 { root { _ in } }

    /// - Parameter joined: is told of each pair that is joined at the right edge, from right to left.
    func root(joined: (Joint) -> Void) -> Hash256 {
        var result: Hash256?
        var start = count
        for (level, peak) in peaks.enumerated() {
            guard let peak else { continue }
            let width = 1 << level
            if let right = result {
                joined(
                    Joint(left: peak, right: right, leftLeaves: start - width..<start, rightLeaves: start..<count)
                )
                result = Self.node(peak, right)
            } else {
                result = peak
            }
            start -= width
        }
        return result ?? Hash256(SHA256().finalize())
    }

    static func leaf(_ line: Hash256) -> Hash256 {
        var hasher = SHA256()
        hasher.update(data: [0])
        line.withBytes { hasher.update(bufferPointer: $0) }
        return Hash256(hasher.finalize())
    }

    static func node(_ left: Hash256, _ right: Hash256) -> Hash256 {
        var hasher = SHA256()
        hasher.update(data: [1])
        left.withBytes { hasher.update(bufferPointer: $0) }
        right.withBytes { hasher.update(bufferPointer: $0) }
        return Hash256(hasher.finalize())
    }
}

/// The hashes that lead from one leaf of a ``HashTree`` to its root: the audit path of RFC 6962, lowest first.
package struct HashPath: Sendable, Equatable {
    /// Counted from 0.
    package let index: Int
    package let hashes: [Hash256]

    package init(index: Int, hashes: [Hash256]) {
        self.index = index
        self.hashes = hashes
    }

    /// Which root a tree of so many leaves has if the line is its leaf at the index: RFC 9162, 2.1.3.2. Nil if there are
    /// too many hashes or too few.
    package func root(of line: Hash256, size: Int) -> Hash256? {
        guard index >= 0, index < size else { return nil }
        var (place, last) = (index, size - 1)
        var node = HashTree.leaf(line)
        for hash in hashes {
            guard last > 0 else { return nil }
            if place & 1 == 1 || place == last {
                node = HashTree.node(hash, node)
                while place & 1 == 0, place != 0 {
                    place >>= 1
                    last >>= 1
                }
            } else {
                node = HashTree.node(node, hash)
            }
            place >>= 1
            last >>= 1
        }
        return last == 0 ? node : nil
    }
}

/// Grows a tree, and the paths from some of its leaves.
struct HashPathBuilder: Sendable {
    private var tree = HashTree()
    private var hashes: [Int: [Hash256]] = [:]
    /// In their order.
    private var wanted: [Int] = []

    /// - Parameter isWanted: whether the leaf's path is asked for later.
    mutating func add(_ line: Hash256, isWanted: Bool = false) {
        if isWanted {
            hashes[tree.count] = []
            wanted.append(tree.count)
        }
        var more: [(Int, Hash256)] = []
        let wanted = wanted
        tree.add(line) { joint in
            // What is joined reaches up to the last leaf.
            for leaf in wanted.reversed() {
                guard let sibling = joint.sibling(of: leaf) else { break }
                more.append((leaf, sibling))
            }
        }
        for (leaf, hash) in more { hashes[leaf]?.append(hash) }
    }

    var count: Int { tree.count }

    /// The path in the tree of what was added so far; nil for a leaf that wasn't wanted.
    func path(of leaf: Int) -> HashPath? {
        guard var all = hashes[leaf] else { return nil }
        _ = tree.root { joint in
            if let sibling = joint.sibling(of: leaf) { all.append(sibling) }
        }
        return HashPath(index: leaf, hashes: all)
    }
}

extension HashTree.Joint {
    fileprivate func sibling(of leaf: Int) -> Hash256? {
        leftLeaves.contains(leaf) ? right : rightLeaves.contains(leaf) ? left : nil
    }
}
