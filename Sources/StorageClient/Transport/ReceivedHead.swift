import NIOHTTP1

/// The complete head of an answer, as it came.
struct ReceivedHead: Sendable {
    let status: Int
    let headers: HTTPHeaders
}
