import Foundation
import Purging

/// The file of `--pause-file`: that it exists stops everything, unless it says something milder.
struct PauseFile: Sendable {
    /// Longer ones say nothing that is understood.
    private static let longest = 256

    let path: String

    /// What can't be told, as the folder is not ours to look into, counts as a stop; so does what is not understood. A link
    /// to nothing exists.
    func orders() -> SendOrders {
        var information = stat()
        guard lstat(path, &information) == 0 else {
            let error = errno
            if error == ENOENT || error == ENOTDIR { return SendOrders() }
            return SendOrders(pause: .unknownFile(path, problem: String(cString: strerror(error))))
        }
        guard let text else { return SendOrders(pause: .file(path)) }
        return Self.orders(text) ?? SendOrders(pause: .unclearFile(path))
    }

    /// Its content; nil if it is empty, or nothing that can be read.
    private var text: String? {
        // Something that nobody writes to must not hold anything up.
        let file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        if file < 0 { return nil }
        defer { close(file) }
        var information = stat()
        guard fstat(file, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        var bytes = [UInt8](repeating: 0, count: Self.longest)
        let count = read(file, &bytes, bytes.count)
        if count <= 0 { return nil }
        let text = String(decoding: bytes.prefix(count), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }

    /// `rate 20`: at most 20 deletions per second; `50%`: half of each node's limit. Nil for anything else.
    static func orders(_ text: String) -> SendOrders? {
        var orders = SendOrders()
        let words = text.split(whereSeparator: \.isWhitespace)
        if words.count == 2, words[0].lowercased() == "rate", let rate = Double(words[1]), (0.001...1e9).contains(rate)
        {
            orders.maxRate = rate
            return orders
        }
        if words.count == 1, text.last == "%", let share = Double(text.dropLast()), (0.1...100).contains(share) {
            orders.share = share / 100
            return orders
        }
        return nil
    }
}
