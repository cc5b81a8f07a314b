/// A set of uids, given one by one or in ranges: `7,12,100-199`.
package struct UIDSelection: Sendable, Hashable {
    /// Ascending, apart from each other.
    private let ranges: [ClosedRange<Int64>]

    package init(_ ranges: some Sequence<ClosedRange<Int64>>) {
        var merged: [ClosedRange<Int64>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = merged.last, range.lowerBound <= last.upperBound {
                merged[merged.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    package init(_ uids: some Sequence<Int64>) {
        self.init(uids.map { $0...$0 })
    }

    /// Reads the form that `description` writes; nil for anything else.
    package init?(_ text: some StringProtocol) {
        var ranges: [ClosedRange<Int64>] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard let first = Int64(ends[0]), let last = Int64(ends[ends.count - 1]), 0 <= first, first <= last else {
                return nil
            }
            ranges.append(first...last)
        }
        self.init(ranges)
    }

    package func contains(_ uid: Int64) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < uid { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(uid)
    }
}

extension UIDSelection: CustomStringConvertible {
    package var description: String {
        ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}
