import Crypto
import Foundation

/// A key that signs the heads of an audit log: Ed25519, in the PEM that OpenSSL writes (PKCS#8).
package struct AuditKey: Sendable {
    private static let label = "PRIVATE KEY"
    /// The DER of a private key up to its 32 bytes: RFC 8410, 7.
    private static let prefix: [UInt8] = [0x30, 0x2E, 2, 1, 0, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 4, 0x22, 4, 0x20]

    private let key: Curve25519.Signing.PrivateKey

    /// A new one.
    package init() { key = Curve25519.Signing.PrivateKey() }

    /// Nil for anything but an Ed25519 key.
    package init?(pem: String) {
        guard let raw = PEM.content(pem, label: Self.label, prefix: Self.prefix),
            let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw)
        else { return nil }
        self.key = key
    }

    package var pem: String { PEM.text(Self.prefix + key.rawRepresentation, label: Self.label) }

    package var publicKey: AuditPublicKey { AuditPublicKey(key.publicKey) }

    func signature(for message: some DataProtocol) throws -> [UInt8] { Array(try key.signature(for: message)) }
}

/// The key that tells whether a head was signed by the holder of an ``AuditKey``.
package struct AuditPublicKey: Sendable, Hashable {
    private static let label = "PUBLIC KEY"
    /// The DER of a public key up to its 32 bytes: RFC 8410, 4.
    private static let prefix: [UInt8] = [0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 0x21, 0]

    private let raw: [UInt8]

    fileprivate init(_ key: Curve25519.Signing.PublicKey) { raw = Array(key.rawRepresentation) }

    /// Nil for anything but an Ed25519 key.
    package init?(pem: String) {
        guard let raw = PEM.content(pem, label: Self.label, prefix: Self.prefix),
            (try? Curve25519.Signing.PublicKey(rawRepresentation: raw)) != nil
        else { return nil }
        self.raw = raw
    }

    init?(hexadecimal: some Collection<UInt8>) {
        guard let raw = Hexadecimal.bytes(hexadecimal), raw.count == 32 else { return nil }
        self.raw = raw
    }

    package var pem: String { PEM.text(Self.prefix + raw, label: Self.label) }

    /// As the heads have it.
    package var hexadecimal: String { Hexadecimal.text(raw) }

    func isValid(_ signature: some DataProtocol, for message: some DataProtocol) -> Bool {
        guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: raw) else { return false }
        return key.isValidSignature(signature, for: message)
    }
}

/// The textual form of RFC 7468.
private enum PEM {
    static func text(_ bytes: [UInt8], label: String) -> String {
        "-----BEGIN \(label)-----\n\(Data(bytes).base64EncodedString())\n-----END \(label)-----\n"
    }

    /// The bytes behind the prefix, if there are 32 of them.
    static func content(_ text: String, label: String, prefix: [UInt8]) -> [UInt8]? {
        let lines = text.split(whereSeparator: \.isNewline)
        guard let begin = lines.firstIndex(of: "-----BEGIN \(label)-----"),
            let end = lines[begin...].firstIndex(of: "-----END \(label)-----"),
            let bytes = Data(base64Encoded: lines[(begin + 1)..<end].joined()),
            bytes.count == prefix.count + 32, bytes.starts(with: prefix)
        else { return nil }
        return Array(bytes.dropFirst(prefix.count))
    }
}
