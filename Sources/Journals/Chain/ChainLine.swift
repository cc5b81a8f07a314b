import Foundation
import Logging
import Support

/// Lines of the audit log that are about the log itself.
package enum ChainLine: Sendable {
    case begin(ChainBegin)
    case head(ChainHead)

    private struct Kind: Decodable {
        let event: String
    }

    /// Nil for other lines.
    package init?(json: some StringProtocol) {
        let data = Data(json.utf8)
        let decoder = JSONDecoder()
        switch (try? decoder.decode(Kind.self, from: data))?.event {
        case ChainBegin.event:
            guard let line = try? decoder.decode(ChainBegin.self, from: data) else { return nil }
            self = .begin(line)
        case ChainHead.event:
            guard let line = try? decoder.decode(ChainHead.self, from: data) else { return nil }
            self = .head(line)
        default: return nil
        }
    }
}

/// The first line of a file and of a process, and what follows a gap.
package struct ChainBegin: Sendable, Decodable {
    static let event = "begin"
    static let beginning = Array("{\"event\":\"begin\",".utf8)

    /// Bytes of the log since the chain's last line that are in no chain: a torn line, what another program wrote, or what
    /// an earlier version did.
    struct Outside: Sendable, Decodable, Equatable {
        let bytes: Int64
        let sha256: String
    }

    /// RFC 3339, UTC.
    package let time: String
    package let run: String
    /// The program's.
    package let version: String
    package let chain: String
    /// By which key accounts are named, if they are: ``AuditPseudonyms/check``.
    package var names: String?
    /// How many bytes of its file are before it, so that nobody can make a file begin with it that began before.
    let place: Int64
    var outside: Outside?

    /// Without its link.
    var json: String {
        var members: [(key: String, value: Logger.MetadataValue)] = [
            ("event", .string(Self.event)), ("time", .string(time)), ("run", .string(run)),
            ("version", .string(version)), ("chain", .string(chain)),
            ("place", .stringConvertible(place)),
        ]
        if let names { members.insert(("names", .string(names)), at: 5) }
        if let outside {
            members.append(
                (
                    "outside",
                    .dictionary(["bytes": .stringConvertible(outside.bytes), "sha256": .string(outside.sha256)])
                )
            )
        }
        var text = JSONText()
        text.append(members: members)
        return text.text
    }
}

/// The last line of what a process wrote at once: it stands for all lines before it.
package struct ChainHead: Sendable, Decodable {
    static let event = "head"

    package let time: String
    package let run: String
    package let version: String
    package let chain: String
    /// The number of the first line in the tree.
    package let first: Int64
    /// How many lines are in the tree: all from the first one to the one before this.
    package let size: Int
    /// The ``HashTree``'s root over them.
    package let root: String
    /// The public key of the signature, if there is one.
    package var key: String?
    package var signature: String?

    /// Without its link and its seal.
    var json: String {
        var text = JSONText()
        text.append(members: [
            ("event", .string(Self.event)), ("time", .string(time)), ("run", .string(run)),
            ("version", .string(version)), ("chain", .string(chain)), ("first", .stringConvertible(first)),
            ("size", .stringConvertible(size)), ("root", .string(root)),
        ])
        return text.text
    }
}
