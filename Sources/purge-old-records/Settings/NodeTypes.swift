import Purging
import SyncTokens

/// What `--node-type` says, each word of it checked against the others.
struct NodeTypes {
    let storageTypes: StorageTypes

    init(_ words: [String], spannerNode: NodeID?) throws(UsageError) {
        var ofAll: (word: String, keying: StorageKeying)?
        var byURL: [String: StorageKeying] = [:]
        // Two spellings of one storage's URL are one storage.
        var byStorage: [String: StorageKeying] = [:]
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let keying = try Self.keying(String(parts.last ?? ""))
            if parts.count == 1 {
                if let known = ofAll, known.word != word {
                    throw UsageError(
                        problem: "--node-type says both \(known.word) and \(word) for all nodes",
                        remedy: "name the nodes apart with --node-type URL=TYPE"
                    )
                }
                ofAll = (word, keying)
                continue
            }
            guard let url = try? ServiceURL(String(parts[0])) else {
                throw UsageError(
                    problem: "--node-type names something that is not a node's URL",
                    remedy: "give URL=TYPE with the URL as in the nodes table, such as https://sync-1.example.com=mysql"
                )
            }
            if let known = byStorage[url.storage], known != keying {
                throw UsageError(
                    problem: "--node-type names two types for \(url)",
                    remedy: "name one type for each node"
                )
            }
            byStorage[url.storage] = keying
            byURL[url.text] = keying
        }
        if let ofAll, ofAll.keying == .uid, let spannerNode {
            throw UsageError(
                problem: "--node-type \(ofAll.word) contradicts SYNC_TOKENSERVER__SPANNER_NODE_ID=\(spannerNode)",
                remedy: "name the other nodes with --node-type URL=\(ofAll.word), or unset the variable"
            )
        }
        storageTypes = StorageTypes(byURL: byURL, ofAll: ofAll?.keying, spannerNode: spannerNode)
    }

    private static func keying(_ type: String) throws(UsageError) -> StorageKeying {
        switch type {
        case "mysql", "postgres": return .uid
        case "spanner": return .account
        default:
            throw UsageError(
                problem: "--node-type knows no such type",
                remedy: "give mysql, postgres or spanner, for one node as URL=TYPE"
            )
        }
    }
}
