import HTTPTypes
import HummingbirdCore
import NIOCore

/// What a node answers, before its clock and its faults add their headers.
struct CannedAnswer {
    var status: Int
    var headers = HTTPFields()
    var body: ByteBuffer

    init(_ status: Int, json: String) {
        self.init(status, type: "application/json", body: ByteBuffer(string: json))
    }

    init(_ status: Int, type: String, body: ByteBuffer) {
        self.status = status
        self.body = body
        headers[.contentType] = type
    }

    /// A refusal in the style of storage nodes, with the reason for whoever reads along.
    static func refusal(_ status: Int, _ name: String, reason: String? = nil) -> CannedAnswer {
        var json = JSONLine()
        json.add("status", name)
        json.add("reason", reason)
        return CannedAnswer(status, json: json.line)
    }

    /// An answer that HTTP gives no body has none.
    var response: Response {
        let isBodiless = status == 204 || status == 304
        return Response(
            status: HTTPResponse.Status(code: status),
            headers: headers,
            body: isBodiless ? ResponseBody() : ResponseBody(byteBuffer: body)
        )
    }
}
