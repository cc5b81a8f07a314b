/// Where an account's next login could lead, found by letting it happen on a copy of the rows: for each kind of client,
/// on each node that may be chosen, and the login after that.
struct NextLogins {
    let setting: ModelTokenserver.Setting
    let storage: ModelStorage
    let now: Int64

    /// The account whose next logins could read this place; nil if there is none.
    func reader(of place: ModelStorage.Place, among accounts: [ModelAccount], _ rows: ModelRows) -> ModelAccount? {
        accounts.first { account in
            guard account.isAlive else { return false }
            let logins = NextLogins(setting: setting(account, rows), storage: storage, now: now)
            return logins.mayConcern(place, account, rows)
                && logins.tokens(account, rows).contains { storage.place($0) == place }
        }
    }

    /// Under which domain the account logs in, as far as the tables show: that of its newest row. Before somebody logs in
    /// nothing shows that it was changed.
    private func setting(_ account: ModelAccount, _ rows: ModelRows) -> ModelTokenserver.Setting {
        let own = rows.users.filter { $0.fxaUID == account.fxaUID && $0.service == ModelRows.service }
        var setting = setting
        if let newest = own.max(by: { ($0.createdAt, $0.uid) < ($1.createdAt, $1.uid) }) {
            setting.domain = newest.domain
        }
        return setting
    }

    /// A quick look: whatever a client may bring, its token names its account and its client state, and its uid is the
    /// current row's or a new one. Nobody gets into an account that Tokenserver takes for deleted; a living one gets there
    /// where the database takes it for another.
    private func mayConcern(_ place: ModelStorage.Place, _ account: ModelAccount, _ rows: ModelRows) -> Bool {
        let owner = setting.owner(account.fxaUID)
        if rows.of(owner).contains(where: \.isMarked) { return false }
        if let uid = Int64(place.key) { return rows.current(of: owner)?.uid == uid }
        return place.key.hasPrefix("\(account.fxaUID) ")
            && place.key.hasSuffix("-\(ModelToken.name(ofState: account.proof.clientState))")
    }

    private func tokens(_ account: ModelAccount, _ rows: ModelRows) -> Set<ModelToken> {
        var found: Set<ModelToken> = []
        for first in ModelAccount.Kind.all {
            for (outcome, rows) in outcomes(account, first, rows, at: now) {
                if case .token(let token) = outcome { found.insert(token) }
                for second in ModelAccount.Kind.all {
                    for (outcome, _) in outcomes(account, second, rows, at: now + 1000) {
                        if case .token(let token) = outcome { found.insert(token) }
                    }
                }
            }
        }
        return found
    }

    /// How a login ends, and what it leaves, for each node that it may choose.
    private func outcomes(
        _ account: ModelAccount,
        _ kind: ModelAccount.Kind,
        _ rows: ModelRows,
        at moment: Int64
    ) -> [(ModelLogin.Outcome, ModelRows)] {
        var all: [(ModelLogin.Outcome, ModelRows)] = []
        var choices = 1
        var choice = 0
        while choice < choices {
            var login = ModelLogin(account, account.proof, kind, setting: setting)
            var copy = rows
            var outcome: ModelLogin.Outcome?
            while outcome == nil {
                outcome = login.step(&copy, now: moment) { nodes in
                    choices = nodes.count
                    return nodes.isEmpty ? nil : nodes[choice]
                }
            }
            if let outcome { all.append((outcome, copy)) }
            choice += 1
        }
        return all
    }
}
