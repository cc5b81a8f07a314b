import Foundation
import NIOSSL

/// Whom to trust, and how to speak TLS.
enum CertificateAuthorities {
    /// - Parameter file: a PEM file, or a directory of such, which is taken as it is; nil for the system's authorities.
    static func context(trusting file: String?) throws(CertificateFileError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        // What is older is broken, whoever asks for it.
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        if let file {
            try check(file)
            configuration.trustRoots = .file(file)
        }
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw CertificateFileError(file: file ?? "the system's")
        }
    }

    private static func check(_ file: String) throws(CertificateFileError) {
        var isDirectory: ObjCBool = false
        if FileManager.default.fileExists(atPath: file, isDirectory: &isDirectory), isDirectory.boolValue { return }
        let certificates = try? NIOSSLCertificate.fromPEMFile(file)
        if certificates?.isEmpty ?? true { throw CertificateFileError(file: file) }
    }
}

/// A file of certificate authorities that can't be read, or holds no certificate.
package struct CertificateFileError: Error, Sendable, Equatable {
    package let file: String
}
