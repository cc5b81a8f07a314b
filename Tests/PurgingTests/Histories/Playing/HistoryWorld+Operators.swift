import Purging
import TestSupport

/// What operators do to nodes and servers.
extension HistoryWorld {
    func operate(_ event: HistoryStep.Event, _ random: inout SeededGenerator) async {
        switch event {
        case .unassign(let node): noteChanges { tokenserver.unassign(node) }
        case .removeNode(let node):
            // The purge would refuse to run at all.
            if setting.naming == .spannerNode, node == HistorySetting.spannerNode { return }
            guard rows.nodes.count > 1, rows.node(node) != nil else { return }
            census.count(.removed)
            await tokenserver.removeNode(node, &random)
        case .rename(let node, let other): rename(node, toStorageOf: other)
        case .addRow(let node, let isOtherService):
            guard let row = rows.node(node), let backend = storage.backend(row.url) else { return }
            census.count(.secondRow)
            let url = isOtherService ? row.url : newURL()
            storage.add(url, for: backend)
            tokenserver.add(
                ModelNode(
                    id: node + (isOtherService ? 20 : 10),
                    service: isOtherService ? ModelRows.otherService : ModelRows.service,
                    url: url,
                    available: 10,
                    load: 0,
                    capacity: 500
                )
            )
        case .changeService(let node):
            if setting.naming == .spannerNode { return }
            tokenserver.update(node) { $0.service = ModelRows.otherService }
        case .setDowned(let node, let downed): tokenserver.update(node) { $0.downed = downed }
        case .setBackoff(let node, let backoff): tokenserver.update(node) { $0.backoff = backoff }
        case .useOtherService(let user, let node): tokenserver.useOtherService(account(user).fxaUID, on: node)
        case .upgrade:
            let spannerNode = setting.naming == .spannerNode ? HistorySetting.spannerNode : nil
            tokenserver.change {
                $0.server = .rust
                $0.spannerNode = spannerNode
            }
        case .changeDomain(let domain):
            if setting.mixesAccounts { return }
            tokenserver.change { $0.domain = domain }
        case .restartDatabase: census.count(.reusedUID, tokenserver.restartDatabase() ? 1 : 0)
        case .purge(let step): await purge(step, &random)
        default: break
        }
    }

    private func rename(_ node: Int64, toStorageOf other: Int64?) {
        guard let row = rows.node(node), let old = storage.backend(row.url) else { return }
        let backend = other.flatMap { setting.backends[HistorySetting.url($0)] } ?? old
        guard setting.allows(node, toBecome: backend, from: old) else { return }
        census.count(backend.name == old.name ? .renamed : .otherStorage)
        let url = newURL()
        storage.add(url, for: backend)
        tokenserver.update(node) { $0.url = url }
        tell("node \(node) is now at \(url), storage \(backend.name)")
    }
}
