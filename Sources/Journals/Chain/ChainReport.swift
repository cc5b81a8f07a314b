/// What a verification of an audit log found.
package struct ChainReport: Sendable {
    package enum Weight: Int, Sendable, Comparable {
        /// Worth a line, and nothing is wrong.
        case note
        /// Something is missing, or not signed, and that need not be anybody's fault.
        case incomplete
        /// Somebody signed it whose key was not named.
        case foreign
        /// The log isn't what was written.
        case altered

        package static func < (left: Weight, right: Weight) -> Bool { left.rawValue < right.rawValue }
    }

    package struct Finding: Sendable {
        package let weight: Weight
        package let text: String
    }

    /// One chain, in the files' order.
    package struct Chain: Sendable {
        package let name: String
        package fileprivate(set) var paths: [String]
        /// The lines' numbers.
        package fileprivate(set) var first: Int64
        package fileprivate(set) var last: Int64
        package fileprivate(set) var heads = 0
        package fileprivate(set) var lastHead: String?
        package fileprivate(set) var keys: [String] = []
    }

    /// So many are kept.
    private static let most = 50

    package private(set) var findings: [Finding] = []
    /// How many there were besides.
    package private(set) var moreFindings = 0
    /// The heaviest.
    package private(set) var weight = Weight.note
    package private(set) var chains: [Chain] = []

    mutating func find(_ weight: Weight, _ text: String) {
        self.weight = max(self.weight, weight)
        // One of the heaviest is always among them.
        if findings.count >= Self.most, let lighter = findings.lastIndex(where: { $0.weight < weight }) {
            findings.remove(at: lighter)
            moreFindings += 1
        }
        if findings.count < Self.most {
            findings.append(Finding(weight: weight, text: text))
        } else {
            moreFindings += 1
        }
    }

    mutating func begin(_ name: String, at number: Int64) {
        chains.append(Chain(name: name, paths: [], first: number, last: number))
    }

    mutating func read(_ path: String) { chains[chains.count - 1].paths.append(path) }

    mutating func reach(_ number: Int64) { chains[chains.count - 1].last = number }

    mutating func head(_ text: String, key: String?) {
        let last = chains.count - 1
        chains[last].heads += 1
        chains[last].lastHead = text
        if let key, !chains[last].keys.contains(key) { chains[last].keys.append(key) }
    }
}
