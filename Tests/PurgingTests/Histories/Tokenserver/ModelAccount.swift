/// What the accounts server knows of a user, whatever stands in Tokenserver's tables.
struct ModelAccount: Sendable {
    let fxaUID: String
    var isAlive = true
    var proof: Proof
    /// What devices that missed a change still bring.
    var staleProofs: [Proof] = []

    /// What a client of this account brings to a login.
    struct Proof: Equatable, Sendable {
        var generation: Int64
        var keysChangedAt: Int64
        var clientState: String
    }

    /// What a client leaves out.
    struct Kind: Equatable, Sendable {
        var hasGeneration: Bool
        var hasKeysChangedAt: Bool

        static let all = [
            Kind(hasGeneration: true, hasKeysChangedAt: true), Kind(hasGeneration: true, hasKeysChangedAt: false),
            Kind(hasGeneration: false, hasKeysChangedAt: true), Kind(hasGeneration: false, hasKeysChangedAt: false),
        ]
    }

    /// The password was changed: the key is the same.
    mutating func changePassword(at now: Int64) {
        staleProofs.append(proof)
        proof.generation = max(now, proof.generation + 1)
    }

    /// The key was reset: what is stored can't be read any more.
    mutating func resetKey(at now: Int64, clientState: String) {
        changePassword(at: now)
        proof.keysChangedAt = proof.generation
        proof.clientState = clientState
    }
}
