import SyncTokens
import Testing

@Suite struct VectorTests {
    @Test func `The key id is the one in the vector`() throws {
        for vector in try Vectors.load().valid {
            let state = try #require(ClientState(hex: vector.clientState), "\(vector.name)")
            let spellings = KeyID.spellings(
                generation: vector.generation,
                keysChangedAt: vector.keysChangedAt,
                clientState: state
            )
            #expect(spellings.first?.text == vector.fxaKid, "\(vector.name)")
            #expect(spellings.count == (vector.keysChangedAt == 0 ? 2 : 1), "\(vector.name)")
        }
    }

    @Test func `Payload, token and key come out byte for byte`() throws {
        for vector in try Vectors.load().valid {
            let token = SyncToken.make(vector.claims, secret: try MasterSecret(vector.secret))
            let bytes = try #require(Base64.decode(token.text, alphabet: .urlSafe), "\(vector.name)")
            #expect(bytes.dropLast(32).elementsEqual(vector.payload.utf8), "\(vector.name)")
            #expect(token.text == vector.token, "\(vector.name)")
            #expect(token.hawkKey == vector.derivedSecret, "\(vector.name)")
        }
    }

    @Test func `A valid token gives its claims and its key back`() throws {
        for vector in try Vectors.load().valid {
            let secret = try MasterSecret(vector.secret)
            let (claims, token) = try SyncToken.verify(vector.token, secret: secret, now: vector.expires - 0.001)
            #expect(claims == vector.claims, "\(vector.name)")
            #expect(token.text == vector.token, "\(vector.name)")
            #expect(token.hawkKey == vector.derivedSecret, "\(vector.name)")
        }
    }

    @Test func `A token ends at the very moment it names`() throws {
        for vector in try Vectors.load().valid {
            let secret = try MasterSecret(vector.secret)
            #expect(throws: SyncTokenError.expired, "\(vector.name)") {
                try SyncToken.verify(vector.token, secret: secret, now: vector.expires)
            }
        }
    }

    @Test func `An invalid token is refused for the right reason`() throws {
        let reasons: [String: SyncTokenError] = [
            "signature": .signature, "malformed": .malformed, "expired": .expired,
        ]
        for vector in try Vectors.load().invalid {
            let secret = try MasterSecret(vector.secret)
            let reason = try #require(reasons[vector.error], "\(vector.name)")
            #expect(throws: reason, "\(vector.name)") {
                try SyncToken.verify(vector.token, secret: secret, now: 1_893_455_000)
            }
        }
    }

    @Test func `The Hawk MAC is the one in the vector`() throws {
        for vector in try Vectors.load().valid {
            let header = try HawkHeader.sign(
                vector.request,
                id: vector.token,
                key: vector.derivedSecret,
                timestamp: try #require(Int64(vector.ts)),
                nonce: vector.nonce
            )
            #expect(header.mac == vector.mac, "\(vector.name)")
        }
    }

    @Test func `The header that hawkauthlib wrote parses and verifies`() throws {
        for vector in try Vectors.load().valid {
            let header = try HawkHeader(parsing: vector.authorization)
            #expect(header.id == vector.token, "\(vector.name)")
            #expect(String(header.timestamp) == vector.ts, "\(vector.name)")
            #expect(header.nonce == vector.nonce, "\(vector.name)")
            #expect(header.mac == vector.mac, "\(vector.name)")
            #expect(header.verify(try vector.request, key: vector.derivedSecret), "\(vector.name)")
            #expect(!header.verify(try vector.request, key: vector.derivedSecret + "x"), "\(vector.name)")
        }
    }

    @Test func `The endpoint is the URL in the vector`() throws {
        for vector in try Vectors.load().valid {
            #expect(try ServiceURL(vector.node).endpoint(uid: vector.uid).url == vector.url, "\(vector.name)")
        }
    }
}

extension Vectors.Valid {
    fileprivate var claims: TokenClaims {
        TokenClaims(uid: uid, node: node, fxaUID: fxaUid, fxaKID: fxaKid, salt: salt, expires: expires)
    }

    fileprivate var request: HawkRequest {
        get throws {
            let service = try ServiceURL(node)
            let path = service.endpoint(uid: uid).path
            return HawkRequest(method: method, path: path, host: service.host, port: service.port)
        }
    }
}
