/// Text for people, in lines of a bounded length.
enum TextLines {
    private static let width = 96

    /// - Parameters:
    ///   - first: what the first line begins with.
    ///   - rest: what the others begin with.
    static func wrapped(_ text: String, first: String = "", rest: String = "") -> [String] {
        var lines = [first]
        for (index, word) in text.split(separator: " ").enumerated() {
            if index > 0, lines[lines.count - 1].count + word.count >= width {
                lines.append(rest + word)
            } else {
                lines[lines.count - 1] += (index == 0 ? "" : " ") + word
            }
        }
        return lines
    }
}
