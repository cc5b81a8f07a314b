package import SyncTokens

extension ServiceURL {
    /// ``storage`` for text that may be no URL, which then stands for itself.
    package static func storage(ofURL url: String) -> String { (try? ServiceURL(url))?.storage ?? url }
}
