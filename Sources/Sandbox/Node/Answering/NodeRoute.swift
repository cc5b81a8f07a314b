/// What a request's path names on a storage node.
enum NodeRoute: Equatable {
    case user(uid: Int64)
    case object(uid: Int64, path: String)
    case unknown

    /// Reads a request target; its query takes no part. A uid has one to ten digits: real nodes route no other.
    init(target: String, basePath: String) {
        self = .unknown
        guard let path = target.split(separator: "?", maxSplits: 1).first, path.hasPrefix(basePath) else { return }
        let parts = path.dropFirst(basePath.count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].isEmpty, parts[1] == "1.5", let uid = Self.uid(parts[2]) else { return }
        if parts.count == 3 {
            self = .user(uid: uid)
        } else if parts.count == 6, parts[3] == "storage", !parts[4].isEmpty, !parts[5].isEmpty {
            self = .object(uid: uid, path: "\(parts[4])/\(parts[5])")
        }
    }

    var uid: Int64? {
        switch self {
        case .user(let uid), .object(let uid, _): uid
        case .unknown: nil
        }
    }

    private static func uid(_ text: Substring) -> Int64? {
        guard (1...10).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int64(text)
    }
}
