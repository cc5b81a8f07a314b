import Purging
import TestSupport

/// What clients and the accounts server ask of it. Time passes before each statement: mostly milliseconds.
extension ModelTokenserver {
    func pass(_ duration: Duration) async { await time.sleep(until: time.now + duration) }

    /// What a statement takes, the way to it included.
    func think(_ random: inout SeededGenerator) async {
        await pass(.milliseconds(random.chance(1, in: 12) ? random.integer(500...8000) : random.integer(0...12)))
    }

    /// The webhook for a deleted account: rows that were replaced already stay as they are.
    ///
    /// - Returns: how many were marked.
    func retire(_ fxaUID: String) -> Int {
        let (owner, now) = (setting.owner(fxaUID), now)
        return execute { rows in
            var count = 0
            rows.updateUsers {
                $0.owner == owner && $0.service == ModelRows.service && $0.replacedAt == nil
            } _: {
                $0.generation = .max
                $0.replacedAt = now
                count += 1
            }
            return count
        }
    }

    /// The webhook for a changed password.
    func raiseGeneration(_ fxaUID: String, to generation: Int64) {
        let owner = setting.owner(fxaUID)
        execute { rows in
            rows.updateUsers {
                $0.owner == owner && $0.service == ModelRows.service && $0.replacedAt == nil
                    && $0.generation <= generation
            } _: {
                $0.generation = generation
            }
        }
    }

    // MARK: Operators

    /// Whatever the service, whatever was replaced long ago.
    func unassign(_ node: Int64) {
        let now = now
        execute {
            $0.updateUsers {
                $0.node == node
            } _: {
                $0.replacedAt = now
            }
        }
    }

    func removeNode(_ node: Int64, _ random: inout SeededGenerator) async {
        execute { $0.nodes.removeAll { $0.id == node } }
        await think(&random)
        unassign(node)
    }

    func update(_ node: Int64, _ change: @escaping (inout ModelNode) -> Void) {
        execute {
            $0.updateNodes {
                $0.id == node
            } _: {
                change(&$0)
            }
        }
    }

    func add(_ node: ModelNode) {
        execute { rows in
            let isTaken = rows.nodes.contains { $0.id == node.id || $0.service == node.service && $0.url == node.url }
            if !isTaken { rows.nodes.append(node) }
        }
    }

    /// Somebody uses another service of this Tokenserver, on this node.
    func useOtherService(_ fxaUID: String, on node: Int64) {
        let now = now
        let setting = setting
        execute { rows in
            _ = rows.insert(
                email: setting.email(fxaUID),
                owner: setting.owner(fxaUID),
                generation: now,
                keysChangedAt: now,
                clientState: "dd",
                createdAt: now,
                node: node,
                service: ModelRows.otherService
            )
        }
    }

    /// - Returns: whether uids will be given out again.
    func restartDatabase() -> Bool {
        guard setting.forgetsUIDs else { return false }
        let before = rows.lastUID
        execute { $0.lastUID = $0.users.map(\.uid).max() ?? 0 }
        return rows.lastUID < before
    }
}
