import Foundation
import Testing

/// The vectors that `Scripts/make-token-vectors` makes with the Python packages.
struct Vectors: Decodable {
    struct Valid: Decodable, CustomTestStringConvertible {
        let name: String
        let secret: String
        let uid: Int64
        let node: String
        let generation: Int64
        let keysChangedAt: Int64?
        let clientState: String
        let fxaUid: String
        let fxaKid: String
        let salt: String
        let expires: Double
        let payload: String
        let token: String
        let derivedSecret: String
        let url: String
        let method: String
        let ts: String
        let nonce: String
        let mac: String
        let authorization: String

        var testDescription: String { name }
    }

    struct Invalid: Decodable, CustomTestStringConvertible {
        let name: String
        let token: String
        let secret: String
        let error: String

        var testDescription: String { name }
    }

    let valid: [Valid]
    let invalid: [Invalid]

    static func load() throws -> Vectors {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Vectors.self, from: Data(contentsOf: Fixture.url("sync-tokens.json")))
    }
}
