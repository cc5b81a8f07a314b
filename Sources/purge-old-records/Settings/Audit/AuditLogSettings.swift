import Journals

/// The checked form of what is written down, with its keys, which were read.
struct AuditLogSettings {
    let path: String
    let key: AuditKey?
    let pseudonyms: AuditPseudonyms?
    let acceptsRestored: Bool

    /// Nil if nothing is written down.
    init?(_ options: AuditLogOptions) throws(UsageError) {
        guard let path = options.auditLog else {
            for (option, value) in [
                ("--audit-key", options.auditKey), ("--audit-pseudonym-key", options.auditPseudonymKey),
            ] where value != nil {
                throw UsageError(
                    problem: "\(option) has no use without --audit-log",
                    remedy: "name the audit log, or leave it out"
                )
            }
            return nil
        }
        self.path = path
        acceptsRestored = options.acceptRestored
        key = try options.auditKey.map { file throws(UsageError) in try AuditKeys.signing("--audit-key", file) }
        pseudonyms = try options.auditPseudonymKey.map { file throws(UsageError) in try AuditKeys.pseudonyms(file) }
    }

    /// Opens the audit log.
    ///
    /// - Throws: ``AuditFailure``
    func open(run: String) throws -> AuditFile {
        try AuditFile(path: path, run: run, version: ProgramVersion.text, key: key, pseudonyms: pseudonyms)
    }
}

/// Reads keys from files. What is in a file is never repeated.
enum AuditKeys {
    static func signing(_ option: String, _ file: String) throws(UsageError) -> AuditKey {
        let text = try TextFile.read(option, file, holding: "key")
        if let key = AuditKey(pem: text) { return key }
        throw UsageError(
            problem: "\(option) \(file) holds no private Ed25519 key",
            remedy: AuditPublicKey(pem: text) == nil
                ? "make one with: purge-old-records audit --new-key FILE"
                : "that is a public key; name the file that `audit --new-key` made"
        )
    }

    static func verifying(_ file: String) throws(UsageError) -> AuditPublicKey {
        let text = try TextFile.read("--public-key", file, holding: "key")
        if let key = AuditPublicKey(pem: text) { return key }
        throw UsageError(
            problem: "--public-key \(file) holds no public Ed25519 key",
            remedy: AuditKey(pem: text) == nil
                ? "name a file with what `audit --show-key FILE` prints"
                : "that is a private key; print its public one with: purge-old-records audit --show-key \(file)"
        )
    }

    static func pseudonyms(_ file: String) throws(UsageError) -> AuditPseudonyms {
        let text = try TextFile.read("--audit-pseudonym-key", file, holding: "key")
        if text.hasPrefix("-----BEGIN") {
            throw UsageError(
                problem: "--audit-pseudonym-key \(file) holds a key of another kind",
                remedy: "make one with: openssl rand -hex 32 > FILE; the key that signs is --audit-key"
            )
        }
        if let pseudonyms = AuditPseudonyms(key: Array(text.utf8)) { return pseudonyms }
        throw UsageError(
            problem: "--audit-pseudonym-key \(file) holds less than \(AuditPseudonyms.shortestKey) bytes",
            remedy: "make one with: openssl rand -hex 32 > \(file)"
        )
    }
}
