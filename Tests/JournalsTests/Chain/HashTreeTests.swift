import Crypto
import Foundation
import Journals
import Testing

/// Against the definition of RFC 6962, 2.1, written out again.
@Suite("The tree over a log's lines")
struct HashTreeTests {
    /// MTH of a list of entries, by the RFC's recursion.
    static func root(_ entries: ArraySlice<[UInt8]>) -> [UInt8] {
        if entries.isEmpty { return Array(SHA256.hash(data: Data())) }
        if entries.count == 1 { return Array(SHA256.hash(data: Data([0] + entries[entries.startIndex]))) }
        var half = 1
        while half * 2 < entries.count { half *= 2 }
        let middle = entries.startIndex + half
        return Array(SHA256.hash(data: Data([1] + root(entries[..<middle]) + root(entries[middle...]))))
    }

    static func hex(_ bytes: [UInt8]) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

    @Test("has the root that the RFC's recursion gives, whatever its size")
    func roots() {
        var tree = HashTree()
        var entries: [[UInt8]] = []
        for number in 0...130 {
            #expect(tree.root.hexadecimal == Self.hex(Self.root(entries[...])))
            tree.add(Hash256(of: "line \(number)"))
            entries.append(Array(SHA256.hash(data: Data("line \(number)".utf8))))
        }
        #expect(
            HashTree().root.hexadecimal == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        )
    }
}
