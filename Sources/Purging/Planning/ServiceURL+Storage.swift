package import SyncTokens

extension ServiceURL {
    /// What tells one storage from another, however their URLs are spelt: host, port and base path.
    package var storage: String { "\(host):\(port)\(pathPrefix)" }

    /// The same for text that may be no URL, which then stands for itself.
    package static func storage(ofURL url: String) -> String { (try? ServiceURL(url))?.storage ?? url }
}
