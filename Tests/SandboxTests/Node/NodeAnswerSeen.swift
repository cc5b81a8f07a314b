/// What a client saw of a node's answer.
struct NodeAnswerSeen {
    var status: Int
    var headers: [String: String]
    var body: String

    subscript(name: String) -> String? { headers[name.lowercased()] }
}
