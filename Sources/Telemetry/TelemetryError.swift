/// Why metrics cannot get through. Never thrown to those who measure; it ends up in one warning.
enum TelemetryError: Error, Hashable, CustomStringConvertible {
    /// The name has no address now. Check its spelling and the name server; asked again after a while.
    case unknownHost(name: String, answer: String)
    /// The system offers no way to any of the host's addresses. Check routes and address families.
    case noRoute(code: Int32)
    /// Nothing listens at that port. Check that the collector runs, and its port.
    case refused
    /// The system did not take a datagram.
    case notSent(code: Int32)

    var description: String {
        switch self {
        case .unknownHost(let name, let answer): "the name \(name) has no address (\(answer))"
        case .noRoute(let code): "no address of the host can be reached (error \(code))"
        case .refused: "nothing listens at that port"
        case .notSent(let code): "the system did not take a datagram (error \(code))"
        }
    }
}
