/// The stretches of a sweep in which one node's records were passed over, in the backlog's order.
struct PassedOver: Sendable {
    /// Keys after `after` (exclusive) up to `upTo` (inclusive); nil is the start of the backlog.
    struct Stretch: Sendable {
        var after: BacklogKey?
        var upTo: BacklogKey

        func contains(_ key: BacklogKey) -> Bool {
            key <= upTo && after.map { key > $0 } ?? true
        }
    }

    /// Ascending, without overlaps.
    private(set) var closed: [Stretch] = []
    /// Where the stretch that still goes on began; nil inside the outer optional is the start of the backlog.
    private var openAfter: BacklogKey??

    var isOpen: Bool { openAfter != nil }

    mutating func open(after key: BacklogKey?) {
        if openAfter == nil {
            openAfter = .some(key)
        }
    }

    mutating func close(upTo key: BacklogKey) {
        guard let after = openAfter else { return }
        openAfter = nil
        if after.map({ $0 < key }) ?? true {
            closed.insert(Stretch(after: after, upTo: key), at: firstStretch(endingAtOrBehind: key))
        }
    }

    func contains(_ key: BacklogKey) -> Bool {
        if let after = openAfter, after.map({ key > $0 }) ?? true {
            return true
        }
        let index = firstStretch(endingAtOrBehind: key)
        return index < closed.count && closed[index].contains(key)
    }

    private func firstStretch(endingAtOrBehind key: BacklogKey) -> Int {
        var (low, high) = (0, closed.count)
        while low < high {
            let middle = (low + high) / 2
            if closed[middle].upTo < key {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}
