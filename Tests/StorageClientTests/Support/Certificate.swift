import Foundation
import NIOSSL

/// A certificate that signs itself, made by the `openssl` command in a temporary folder.
struct Certificate: Sendable {
    struct OpenSSLFailed: Error {
        let output: String
    }

    let file: String
    /// What a server needs.
    let configuration: TLSConfiguration
    let context: NIOSSLContext

    /// - Parameter names: what the certificate is for, as in `IP:127.0.0.1` or `DNS:node.example`.
    static func with<Value>(names: String, _ body: (Certificate) async throws -> Value) async throws -> Value {
        let folder = FileManager.default.temporaryDirectory.appending(path: "certificate-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let key = folder.appending(path: "key.pem").path
        let file = folder.appending(path: "certificate.pem").path
        let options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=node"
        try openssl(
            options.split(separator: " ").map(String.init)
                + ["-addext", "subjectAltName=\(names)", "-keyout", key, "-out", file]
        )
        let configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        )
        let context = try NIOSSLContext(configuration: configuration)
        return try await body(Certificate(file: file, configuration: configuration, context: context))
    }

    private static func openssl(_ arguments: [String]) throws {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw OpenSSLFailed(output: text) }
    }
}
