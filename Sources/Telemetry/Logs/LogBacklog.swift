/// What was logged and is not written yet, in order and bounded.
///
/// A pure value, which its owner protects. Lines beyond the bound are dropped and counted; from the first of them on, all
/// are, until half of the bound is free again, so that the log has few gaps instead of many. A status is always taken, as
/// the next one replaces it.
struct LogBacklog {
    /// How many bytes may wait, those that are just being written included.
    static let capacity = 1 << 20
    /// From here on a status replaces the one that waits: a terminal that stands still gets one of them when it goes on.
    private static let bytesWithEachStatus = 4096

    /// How many lines were dropped since that was last told.
    private(set) var dropped = 0
    /// How many texts were written, ever: this tells whether the output moves.
    private(set) var written = 0
    private var texts: [String] = []
    private var endsInStatus = false
    private var bytes = 0

    /// Whether it is time to say how many lines were dropped.
    var isFlowingAgain: Bool { dropped > 0 && bytes <= Self.capacity / 2 }

    /// Takes a line, or drops it.
    mutating func append(line text: String) {
        guard dropped == 0, bytes + text.utf8.count <= Self.capacity else {
            dropped += 1
            return
        }
        add(text)
        endsInStatus = false
    }

    /// Takes what draws a status in place of the one that is shown.
    mutating func append(status text: String) {
        if endsInStatus, bytes > Self.bytesWithEachStatus, let replaced = texts.popLast() {
            bytes -= replaced.utf8.count
        }
        add(text)
        endsInStatus = true
    }

    /// Takes the line that says how many were dropped; what is logged after it is taken again.
    mutating func append(report text: String) {
        dropped = 0
        add(text)
        endsInStatus = false
    }

    /// Gives away all texts to be written. They count as waiting until ``noteWritten(_:)``.
    mutating func take() -> [String] {
        defer {
            texts = []
            endsInStatus = false
        }
        return texts
    }

    mutating func noteWritten(_ text: String) {
        bytes -= text.utf8.count
        written += 1
    }

    private mutating func add(_ text: String) {
        texts.append(text)
        bytes += text.utf8.count
    }
}
