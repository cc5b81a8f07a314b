extension HTTPStorageNodeClient {
    package struct Settings: Sendable {
        /// For one request, from start to the end of its answer.
        package var requestTimeout = Duration.seconds(60)
        /// For getting a connection, free or new, name resolution included. A request that gets none is not sent.
        package var connectTimeout = Duration.seconds(5)
        /// Connections kept for one node; no fewer than the requests that it may get at once.
        package var connectionsPerNode = 32
        /// Connections in all, idle ones included. When there are as many, idle ones make room for new ones.
        package var mostConnections = Int.max
        package var proxies = ProxyRules.none
        /// PEM file of the certificate authorities to trust, or a directory of such; nil for the system's.
        package var caFile: String?
        package var userAgent = "purge-old-records"
        /// Who finds the nodes' addresses.
        package var resolver: any NameResolver = SystemResolver()
        /// No request begins on a connection that is older, however busy it is.
        var connectionAge = Duration.seconds(300)
        /// A connection that nobody used for this long is closed.
        package var connectionIdle = Duration.seconds(60)
        /// How often a node's name is looked up while there are connections to it. One whose address the name lost gets
        /// no further request.
        package var addressInterval = Duration.seconds(10)

        package init() {}
    }
}
