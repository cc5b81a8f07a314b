import FoundationEssentials
package import SyncTokens

extension StorageNode {
    /// What a node is and how it behaves.
    package struct Configuration: Sendable {
        package var host = "127.0.0.1"
        /// 0 for any that is free.
        package var port = 0
        package var secret: MasterSecret
        package var keying = DataKeying.uid
        /// What is stored. Several nodes may share it.
        package var data = StoredData()
        /// Under which the node is served, as in `/sync`; empty for none.
        package var basePath = ""
        /// The URL that tokens have to name, exactly; nil for `http://`, host, port and base path.
        package var publicURL: String?
        /// How far the node's clock is ahead of this machine's.
        package var clockOffset = Duration.zero
        /// How far a signature's time may be from the node's clock, in seconds. The default is that of syncstorage-rs, a
        /// year; other servers take a minute.
        package var maximumClockSkew = 31_536_000.0
        /// Whether the node heeds `X-If-Unmodified-Since`.
        package var writeCheck = true
        /// Whether the node refuses a signature that was used before.
        package var refusesReplays = false
        /// Leaves `X-Weave-Timestamp` out of every 2xx.
        package var bare2xx = false
        /// A file to which one line of JSON is appended for each request, before it is answered.
        package var logFile: String?
        /// How many requests are kept in memory.
        package var logCapacity = 10_000
        package var faults = FaultPlan()
        /// This machine's clock: seconds since 1970.
        package var now: @Sendable () -> Double = { Date().timeIntervalSince1970 }

        package init(secret: MasterSecret) {
            self.secret = secret
        }
    }
}
