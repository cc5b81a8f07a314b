/// One row of `nodes`.
package struct Node: Sendable, Equatable {
    package var id: NodeID
    /// The base URL as it is stored; tokens carry it letter for letter.
    package var url: String
    /// The node can't take requests; its records wait unless forced.
    package var isDowned: Bool
    /// The node asked for less; a polite client slows down.
    package var isThrottled: Bool

    package init(id: NodeID, url: String, isDowned: Bool = false, isThrottled: Bool = false) {
        self.id = id
        self.url = url
        self.isDowned = isDowned
        self.isThrottled = isThrottled
    }
}
