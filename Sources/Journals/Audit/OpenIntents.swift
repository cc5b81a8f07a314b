/// Intents whose outcome was not read yet; memory grows with these only.
struct OpenIntents<Place: Hashable & Sendable, Intent: Sendable>: Sendable {
    private var latest: [Place: Intent] = [:]
    /// Earlier ones of the same place, oldest first: only a process that could not write all of its log leaves such.
    private var earlier: [Place: [Intent]] = [:]

    /// In no particular order.
    var all: [Intent] { Array(latest.values) + earlier.values.joined() }

    mutating func begin(_ intent: Intent, at place: Place) {
        guard let before = latest.updateValue(intent, forKey: place) else { return }
        earlier[place, default: []].append(before)
    }

    /// An outcome belongs to the latest intent of its place.
    ///
    /// - Returns: whether there was one.
    mutating func end(at place: Place) -> Bool {
        guard latest.removeValue(forKey: place) != nil else { return false }
        if earlier.isEmpty { return true }
        latest[place] = earlier[place]?.popLast()
        if earlier[place]?.isEmpty ?? false { earlier[place] = nil }
        return true
    }
}
