import Crypto

/// The two message authentication codes of Hawk, over SHA-256.
enum HawkMAC {
    typealias Code = HMAC<SHA256>.MAC

    /// The code over a request and the attributes of its header.
    static func header(
        _ request: HawkRequest,
        key: String,
        timestamp: Int64,
        nonce: String,
        ext: String?,
        payloadHash: String?
    ) -> Code {
        var text: [UInt8] = []
        text.reserveCapacity(96 + request.path.utf8.count + request.host.utf8.count + nonce.utf8.count)
        func line(_ content: some Sequence<UInt8>) {
            text.append(contentsOf: content)
            text.append(UInt8(ascii: "\n"))
        }
        line("hawk.1.header".utf8)
        line(String(timestamp).utf8)
        line(nonce.utf8)
        line(request.method.uppercased().utf8)
        line(request.path.utf8)
        line(request.host.lowercased().utf8)
        line(String(request.port).utf8)
        line((payloadHash ?? "").utf8)
        line((ext ?? "").utf8)
        return code(text, key: key)
    }

    /// The code over the time that a server tells.
    static func timestamp(_ timestamp: Int64, key: String) -> Code {
        code(Array("hawk.1.ts\n\(timestamp)\n".utf8), key: key)
    }

    /// The code as it stands in a header.
    static func text(_ code: Code) -> String {
        Base64.encode(Array(code), alphabet: .standard)
    }

    /// Whether `text` spells `code`, compared in constant time.
    static func matches(_ text: String, _ code: Code) -> Bool {
        guard let bytes = Base64.decode(text, alphabet: .standard) else { return false }
        return code == bytes
    }

    private static func code(_ text: [UInt8], key: String) -> Code {
        HMAC<SHA256>.authenticationCode(for: text, using: SymmetricKey(data: Array(key.utf8)))
    }
}
