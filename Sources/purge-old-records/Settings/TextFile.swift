import Foundation

/// A file that holds one text: a secret, or a URL with a password.
enum TextFile {
    /// No such text is longer; a longer file is surely another one.
    static let longestText = 64 * 1024

    /// Reads it without one trailing newline.
    ///
    /// - Parameter path: `-` for standard input.
    static func read(
        _ option: String,
        _ path: String,
        holding what: String,
        longest: Int = longestText
    ) throws(UsageError) -> String {
        let data: Data
        do {
            let handle = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
            guard let handle else { throw CocoaError(.fileReadNoSuchFile) }
            data = try handle.read(upToCount: longest + 1) ?? Data()
        } catch {
            throw UsageError(
                problem: "\(option) \(path) can't be read",
                remedy: "check that the file is there and that this user may read it"
            )
        }
        guard data.count <= longest, var text = String(data: data, encoding: .utf8) else {
            throw UsageError(
                problem: "\(option) \(path) holds no \(what): it is not UTF-8 text, or too long",
                remedy: "give the file that holds only the \(what)"
            )
        }
        if text.hasSuffix("\r\n") || text.hasSuffix("\n") {
            text.removeLast()
        }
        return text
    }
}
