/// The stretches of a pass in which one node's records were left out, in the backlog's order.
struct LeftOut: Sendable {
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

    /// From here on; a stretch that began later begins here now.
    mutating func open(after key: BacklogKey?) {
        guard let began = openAfter else {
            openAfter = .some(key)
            return
        }
        if let began, key.map({ $0 < began }) ?? true { openAfter = .some(key) }
    }

    mutating func close(upTo key: BacklogKey) {
        guard let after = openAfter else { return }
        openAfter = nil
        insert(after: after, upTo: key)
    }

    /// A stretch as a whole; it becomes one with those that it meets.
    mutating func insert(after: BacklogKey?, upTo key: BacklogKey) {
        guard after.map({ $0 < key }) ?? true else { return }
        var new = Stretch(after: after, upTo: key)
        // As a rule it is behind all others.
        if let last = closed.last, let after, last.upTo < after { return closed.append(new) }
        let met = closed.filter { old in
            (old.after.map { $0 <= new.upTo } ?? true) && (new.after.map { $0 <= old.upTo } ?? true)
        }
        for old in met {
            new.upTo = max(new.upTo, old.upTo)
            if let after = old.after, let newAfter = new.after {
                new.after = min(after, newAfter)
            } else {
                new.after = nil
            }
        }
        if !met.isEmpty {
            let (first, last) = (met[0].upTo, met[met.count - 1].upTo)
            closed.removeAll { $0.upTo >= first && $0.upTo <= last }
        }
        closed.insert(new, at: firstStretch(endingAtOrBehind: new.upTo))
    }

    func contains(_ key: BacklogKey) -> Bool {
        if let after = openAfter, after.map({ key > $0 }) ?? true {
            return true
        }
        let index = firstStretch(endingAtOrBehind: key)
        return index < closed.count && closed[index].contains(key)
    }

    /// The parts of the closed stretches up to this key, inclusive.
    func part(upTo key: BacklogKey) -> LeftOut {
        var result = LeftOut()
        for var stretch in closed where stretch.after.map({ $0 < key }) ?? true {
            stretch.upTo = min(stretch.upTo, key)
            result.closed.append(stretch)
        }
        return result
    }

    /// The parts of the closed stretches that are also in the other's.
    func intersection(_ other: LeftOut) -> LeftOut {
        var result = LeftOut()
        var (own, its) = (closed[...], other.closed[...])
        while let first = own.first, let second = its.first {
            let after = [first.after, second.after].compactMap { $0 }.max()
            let upTo = min(first.upTo, second.upTo)
            if after.map({ $0 < upTo }) ?? true {
                result.closed.append(Stretch(after: after, upTo: upTo))
            }
            if first.upTo <= second.upTo { own.removeFirst() }
            if second.upTo <= first.upTo { its.removeFirst() }
        }
        return result
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
