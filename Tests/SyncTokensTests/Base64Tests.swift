import Foundation
import SyncTokens
import Testing

@Suite struct Base64Tests {
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ])
    func `The examples of RFC 4648 come out`(plain: String, encoded: String) {
        let bytes = Array(plain.utf8)
        let bare = encoded.replacing("=", with: "")
        #expect(Base64.encode(bytes, alphabet: .standard) == encoded)
        #expect(Base64.encode(bytes, alphabet: .standard, padded: false) == bare)
        #expect(Base64.decode(encoded, alphabet: .standard) == bytes)
        #expect(Base64.decode(bare, alphabet: .standard, padded: false) == bytes)
    }

    @Test func `The alphabets differ in two characters`() {
        #expect(Base64.encode([0xfb, 0xff], alphabet: .standard) == "+/8=")
        #expect(Base64.encode([0xfb, 0xff], alphabet: .urlSafe) == "-_8=")
        #expect(Base64.decode("+/8=", alphabet: .urlSafe) == nil)
        #expect(Base64.decode("-_8=", alphabet: .standard) == nil)
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Zg==Zg==", "Zh==", "Zm9=", "=", "==", "====", "Zg= =", " Zg==", "Zg==\n", "Zm9v=",
        "Z===", "Zmé=",
    ])
    func `A text that no bytes encode to is refused`(text: String) {
        #expect(Base64.decode(text, alphabet: .standard) == nil)
    }

    @Test(arguments: ["Z", "Zg==", "Zm8=", "Zh", "Zm9vZ"])
    func `Without padding a text must have none`(text: String) {
        #expect(Base64.decode(text, alphabet: .standard, padded: false) == nil)
    }

    @Test func `Any bytes come back, and as Foundation encodes them`() {
        withSeed { random in
            for _ in 0..<500 {
                let bytes = random.bytes(count: 0...70)
                let text = Base64.encode(bytes, alphabet: .standard)
                #expect(text == Data(bytes).base64EncodedString(), "\(random)")
                #expect(Base64.decode(text, alphabet: .standard) == bytes, "\(random)")
                let bare = Base64.encode(bytes, alphabet: .urlSafe, padded: false)
                #expect(Base64.decode(bare, alphabet: .urlSafe, padded: false) == bytes, "\(random)")
            }
        }
    }
}
