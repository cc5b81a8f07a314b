import Purging

/// Fills a page from a window: it picks places, then reads the records at them as they are now.
struct PageReader {
    let accounts: AccountReader
    let query: BacklogQuery

    func page(of window: BacklogWindow) throws -> BacklogPage {
        var picked: [BacklogWindow.Place] = []
        var reachedBound = false
        for place in window.places(after: query.cursor) where picked.count < query.limit {
            if let bound = query.bound, place.key > bound {
                reachedBound = true
                break
            }
            if isWanted(place) { picked.append(place) }
        }
        let entries = try entries(at: picked)
        if picked.count == query.limit, let last = picked.last {
            return BacklogPage(entries: entries, examinedUpTo: last.key)
        }
        // Everything up to the window's end was looked at.
        if let bound = query.bound, let upTo = window.upTo, upTo >= bound { reachedBound = true }
        return BacklogPage(entries: entries, examinedUpTo: reachedBound ? nil : window.upTo)
    }

    /// In the order of the places, whatever has become of them.
    private func entries(at places: [BacklogWindow.Place]) throws -> [BacklogEntry] {
        let emails = Dictionary(
            places.compactMap { place in place.email.map { (place.uid, $0) } },
            uniquingKeysWith: { first, _ in first }
        )
        let read = try accounts.entries(places.map(\.uid), emails: emails, scope: query.scope)
        let byUID = Dictionary(read.map { ($0.record.uid, $0) }, uniquingKeysWith: { first, _ in first })
        return places.compactMap { place in
            guard let entry = byUID[place.uid], query.nodes.contains(entry.record.nodeID) else { return nil }
            return BacklogEntry(record: entry.record, others: entry.others, kin: entry.kin, key: place.key)
        }
    }

    private func isWanted(_ place: BacklogWindow.Place) -> Bool {
        query.nodes.contains(place.node) && (query.accounts == .all || place.isOfDeletedAccount)
            && query.scope.contains(place.uid)
    }
}
