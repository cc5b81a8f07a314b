/// Why a node could not be started.
package enum StorageNodeError: Error, Hashable {
    case cannotListen(host: String, port: Int, reason: String)
    case cannotOpenLog(path: String, reason: String)
    case badBasePath(String)
}

extension StorageNodeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason):
            "The node can't listen on \(host):\(port) (\(reason)). Choose another port, or 0 for any that is free."
        case .cannotOpenLog(let path, let reason):
            "The request log \(path) can't be opened (\(reason)). Name a file in a folder that can be written to."
        case .badBasePath(let path):
            "The base path \"\(path)\" is not one. It begins with a slash and does not end with one, as in /sync."
        }
    }
}
