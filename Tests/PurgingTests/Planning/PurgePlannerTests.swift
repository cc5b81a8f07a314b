import Purging
import SyncTokens
import TestSupport
import Testing

/// The decision table, row by row.
@Suite("The planner")
struct PurgePlannerTests {
    private let unknown = PlanningFixture.keyed(by: nil)
    private let account = PlanningFixture.keyed(by: .account)
    private let byUID = PlanningFixture.keyed(by: .uid)

    private let key = "0000000001000-qrs"

    // MARK: Row 1, gone nodes

    @Test("deletes the record alone when its node is gone, whatever else is true of it")
    func goneNode() {
        let record = UserRecord.of("a", uid: 1, clientState: "not hex", replacedAt: 5, node: 9)
        #expect(unknown.action(record) == .deleteRecord(.nodeless))
        #expect(account.action(record, others: [.of("a", uid: 2, replacedAt: nil)]) == .deleteRecord(.nodeless))
    }

    @Test("holds records of a missing node that too many name, until that node is confirmed as gone")
    func crowdedGoneNode() {
        var fixture = unknown
        fixture.crowded = [NodeID(9)]
        #expect(fixture.action(.obsolete(uid: 1, node: 9)) == .hold(.goneNode))
        #expect(fixture.action(.obsolete(uid: 1, node: 8)) == .deleteRecord(.nodeless))
        #expect(fixture.action(.obsolete(uid: 1, node: 1)) == .hold(.revivable))
        fixture.policy.confirmedGoneNodes = [NodeID(8)]
        #expect(fixture.action(.obsolete(uid: 1, node: 9)) == .hold(.goneNode))
        fixture.policy.confirmedGoneNodes = [NodeID(9)]
        #expect(fixture.action(.obsolete(uid: 1, node: 9)) == .deleteRecord(.nodeless))
    }

    // MARK: Row 2, malformed

    @Test("fails a record whose node has no http URL", arguments: ["ftp://x.example", "node-1", "", "https://"])
    func malformedURL(_ url: String) {
        var fixture = byUID
        fixture.nodes = [Node(id: NodeID(1), url: url)]
        #expect(fixture.action(.obsolete(uid: 1)) == .fail(.malformed))
    }

    @Test("fails a record whose client state is not hex, on every storage", arguments: ["abc", "zz", "aa bb", "0x12"])
    func malformedClientState(_ text: String) {
        let record = UserRecord.of("a", uid: 1, clientState: text, replacedAt: 5)
        for fixture in [unknown, account, byUID] {
            #expect(fixture.action(record) == .fail(.malformed))
        }
    }

    @Test("takes an empty client state and upper-case hex as they are")
    func usualClientStates() {
        #expect(byUID.action(.of("a", uid: 1, clientState: "", replacedAt: 5))?.keyTexts == ["0000000001000-"])
        #expect(byUID.action(.of("a", uid: 1, clientState: "AABB", replacedAt: 5))?.keyTexts == [key])
    }

    // MARK: Row 3, downed nodes

    @Test("lets a downed node's records wait, unless forced")
    func downedNode() {
        for var fixture in [unknown, account, byUID] {
            fixture.down(1)
            fixture.policy.purgesUnassigned = true
            #expect(fixture.action(.obsolete(uid: 1)) == .wait(.nodeDown))
            #expect(fixture.action(.obsolete(uid: 1, node: 2))?.deletion?.kind == .notDown)
            fixture.policy.forcesDownedNodes = true
            #expect(fixture.action(.obsolete(uid: 1))?.deletion?.kind == .force)
            #expect(fixture.action(.obsolete(uid: 1))?.deletion?.target.text == "https://node-1.example")
        }
    }

    @Test("sends only the deletes of downed nodes to the override node, and only when forced")
    func override() throws {
        var fixture = byUID
        fixture.down(1)
        fixture.policy.overrideNode = try ServiceURL("https://new.example")
        #expect(fixture.action(.obsolete(uid: 1)) == .wait(.nodeDown))
        fixture.policy.forcesDownedNodes = true
        #expect(fixture.action(.obsolete(uid: 1))?.deletion?.target.text == "https://new.example")
        #expect(fixture.action(.obsolete(uid: 1, node: 2))?.deletion?.target.text == "https://node-2.example")
    }

    @Test("does not mind a downed node's own bad URL when an override is in force")
    func overrideOfMalformedNode() throws {
        var fixture = byUID
        fixture.nodes[0].url = "none"
        fixture.down(1)
        fixture.policy.forcesDownedNodes = true
        #expect(fixture.action(.obsolete(uid: 1)) == .fail(.malformed))
        fixture.policy.overrideNode = try ServiceURL("https://new.example")
        #expect(fixture.action(.obsolete(uid: 1))?.deletion?.target.text == "https://new.example")
    }

    // MARK: Row 4, storage by uid

    @Test("deletes each record's own data where storage is keyed by uid, twins and tombstones or not")
    func uidStorage() {
        let active = UserRecord.of("a", uid: 2, replacedAt: nil)
        #expect(byUID.action(.of("a", uid: 1, replacedAt: 5), others: [active])?.keyTexts == [key])
        #expect(byUID.action(.of("a", uid: 1, replacedAt: 5))?.keyTexts == [key])
        let old = UserRecord.of("a", uid: 1, replacedAt: 4)
        #expect(byUID.action(.tombstone("a", uid: 2), others: [old])?.deletion != nil)
        #expect(byUID.action(.tombstone("a", uid: 2, keysChangedAt: nil))?.deletion != nil)
    }

    @Test("asks for one key only where storage is keyed by uid, and where it is unknown")
    func oneKey() {
        let record = UserRecord.of("a", uid: 1, generation: 7, keysChangedAt: 0, replacedAt: 5)
        let active = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil)
        #expect(byUID.action(record, others: [active])?.keyTexts == ["0000000000007-qrs"])
        #expect(unknown.action(record, others: [active])?.keyTexts == ["0000000000007-qrs"])
    }

    // MARK: Row 5, unaddressable

    @Test("holds a tombstone whose key was made from its generation", arguments: [nil, 0] as [Int64?])
    func unaddressable(_ keysChangedAt: Int64?) {
        let tombstone = UserRecord.tombstone("a", uid: 1, keysChangedAt: keysChangedAt)
        #expect(unknown.action(tombstone) == .hold(.unaddressable))
        #expect(account.action(tombstone) == .hold(.unaddressable))
        #expect(unknown.action(.tombstone("a", uid: 1))?.deletion != nil)
        let living = UserRecord.of("a", uid: 1, keysChangedAt: keysChangedAt, replacedAt: 5)
        let active = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil)
        #expect(unknown.action(living, others: [active])?.deletion != nil)
    }

    @Test("takes the operator's word for an unaddressable record on account storage only, and asks for nothing then")
    func acceptedUnaddressable() {
        let tombstone = UserRecord.tombstone("a", uid: 1, keysChangedAt: nil)
        var (onAccount, onUnknown) = (account, unknown)
        onAccount.policy.acceptsUnaddressable = true
        onUnknown.policy.acceptsUnaddressable = true
        #expect(onAccount.action(tombstone) == .deleteRecord(.unaddressable))
        #expect(onUnknown.action(tombstone) == .hold(.unaddressable))
    }

    // MARK: Row 6, tombstones last

    @Test("lets a tombstone wait for its account's other records")
    func tombstoneLast() {
        let old = UserRecord.of("a", uid: 1, generation: 500, keysChangedAt: 500, replacedAt: 4)
        for fixture in [unknown, account] {
            #expect(fixture.action(.tombstone("a", uid: 2), others: [old]) == .wait(.tombstoneLast))
            #expect(fixture.action(.tombstone("a", uid: 2))?.deletion != nil)
            #expect(fixture.action(old, others: [.tombstone("a", uid: 2)])?.deletion != nil)
        }
    }

    @Test("lets a tombstone wait wherever it lies itself, for records on account or unknown storage only")
    func whereTombstonesWait() {
        var mixed = PlanningFixture()
        mixed.policy.storageTypes = StorageTypes(
            byURL: ["https://node-1.example": .uid, "https://node-2.example": .account]
        )
        let onAccount = UserRecord.of("a", uid: 1, replacedAt: 4, node: 2)
        let onUID = UserRecord.of("a", uid: 1, replacedAt: 4)
        for tombstone in [UserRecord.tombstone("a", uid: 2), .tombstone("a", uid: 2, node: 9)] {
            #expect(mixed.action(tombstone, others: [onAccount]) == .wait(.tombstoneLast))
            #expect(mixed.action(tombstone, others: [onUID]) != .wait(.tombstoneLast))
        }
        let unaddressable = UserRecord.tombstone("a", uid: 2, keysChangedAt: nil, node: 2)
        #expect(mixed.action(unaddressable, others: [onAccount]) == .wait(.tombstoneLast))
        #expect(mixed.action(unaddressable) == .hold(.unaddressable))
    }

    @Test("does not let a tombstone wait for an active record, nor for what is held because of one")
    func tombstoneBesideActive() {
        let active = UserRecord.of("a", uid: 3, keysChangedAt: 3000, clientState: "cc", replacedAt: nil)
        for fixture in [unknown, account] {
            #expect(fixture.action(.tombstone("a", uid: 2), others: [active])?.deletion != nil)
        }
        let moving = UserRecord.of("a", uid: 3, keysChangedAt: nil, replacedAt: nil)
        let old = UserRecord.of("a", uid: 1, generation: 500, keysChangedAt: 500, replacedAt: 4)
        let tombstone = UserRecord.of(
            "a",
            uid: 2,
            generation: .max,
            keysChangedAt: 9,
            clientState: "dd",
            replacedAt: 5
        )
        #expect(account.action(old, others: [tombstone, moving]) == .hold(.sharedData))
        #expect(account.action(tombstone, others: [old, moving])?.deletion != nil)
        let malformed = UserRecord.of("a", uid: 1, clientState: "no", replacedAt: 4)
        #expect(account.action(tombstone, others: [malformed])?.deletion != nil)
    }

    @Test("does not let a tombstone wait for a record that is held because one of its two keys may be an active one's")
    func tombstoneBesideHalfSharedData() {
        // Its data lies under (2000) or (0), the active record's under (2000).
        let old = UserRecord.of("a", uid: 1, generation: 2000, keysChangedAt: 0, replacedAt: 4)
        let active = UserRecord.of("a", uid: 2, generation: 2000, keysChangedAt: 2000, replacedAt: nil)
        let tombstone = UserRecord.of("a", uid: 3, generation: .max, keysChangedAt: 9, clientState: "dd", replacedAt: 5)
        #expect(unknown.action(old, others: [active, tombstone]) == .hold(.sharedData))
        #expect(unknown.action(tombstone, others: [old, active])?.deletion != nil)
        // Where the storage is named, the other key is free, and its deletion needs the tombstone.
        #expect(account.action(old, others: [active, tombstone])?.deletion?.keys.count == 1)
        #expect(account.action(tombstone, others: [old, active]) == .wait(.tombstoneLast))
    }

    @Test("lets a tombstone that goes last on every storage wait for obsolete records there, not for active ones")
    func lastEverywhere() {
        var fixture = byUID
        fixture.policy.keepsTombstonesLast = true
        let tombstone = UserRecord.tombstone("a", uid: 2)
        #expect(fixture.action(tombstone, others: [.of("a", uid: 1, replacedAt: 4)]) == .wait(.tombstoneLast))
        #expect(fixture.action(tombstone, others: [.of("a", uid: 1, replacedAt: 4, node: 9)]) == .wait(.tombstoneLast))
        #expect(fixture.action(tombstone, others: [.of("a", uid: 3, replacedAt: nil)])?.deletion != nil)
    }

    @Test("does not let two tombstones of one account wait for each other")
    func twoTombstones() {
        let first = UserRecord.tombstone("a", uid: 1)
        let second = UserRecord.tombstone("a", uid: 2)
        for fixture in [unknown, account] {
            #expect(fixture.action(first, others: [second])?.deletion != nil)
            #expect(fixture.action(second, others: [first])?.deletion != nil)
        }
    }

    // MARK: Row 7, revivable

    @Test("holds what an unassigned user's next login gets back, until --purge-unassigned")
    func revivable() {
        var fixture = account
        let newest = UserRecord.of("a", uid: 2, generation: 20, keysChangedAt: 20, createdAt: 20, replacedAt: 50)
        let older = UserRecord.of("a", uid: 1, generation: 10, keysChangedAt: 10, createdAt: 10, replacedAt: 20)
        #expect(fixture.action(newest, others: [older]) == .hold(.revivable))
        #expect(fixture.action(newest) == .hold(.revivable))
        #expect(fixture.action(older, others: [newest])?.keyTexts == ["0000000000010-qrs"])
        fixture.policy.purgesUnassigned = true
        #expect(fixture.action(newest, others: [older])?.keyTexts == ["0000000000020-qrs"])
    }

    @Test("holds an older record too when it shares the newest record's key")
    func olderWithTheNewestKey() {
        let newest = UserRecord.of("a", uid: 2, createdAt: 20, replacedAt: 50)
        let older = UserRecord.of("a", uid: 1, createdAt: 10, replacedAt: 20)
        #expect(account.action(older, others: [newest]) == .hold(.revivable))
    }

    @Test("holds an older record that shares only the second spelling of the newest record's key")
    func olderWithTheOtherSpelling() {
        let newest = UserRecord.of("a", uid: 2, generation: 30, keysChangedAt: 0, createdAt: 20, replacedAt: 50)
        let older = UserRecord.of("a", uid: 1, generation: 20, keysChangedAt: 0, createdAt: 10, replacedAt: 20)
        #expect(account.action(older, others: [newest]) == .hold(.revivable))
    }

    @Test("takes the greatest generation for the newest record before the creation, and holds every tie")
    func whichIsNewest() {
        let byGeneration = UserRecord.of("a", uid: 1, generation: 9, keysChangedAt: 9, createdAt: 1, replacedAt: 5)
        let byCreation = UserRecord.of("a", uid: 2, generation: 8, keysChangedAt: 8, createdAt: 99, replacedAt: 5)
        #expect(account.action(byGeneration, others: [byCreation]) == .hold(.revivable))
        #expect(account.action(byCreation, others: [byGeneration])?.deletion != nil)
        let tie = UserRecord.of(
            "a",
            uid: 3,
            generation: 9,
            keysChangedAt: 9,
            clientState: "cc",
            createdAt: 1,
            replacedAt: 5
        )
        #expect(account.action(byGeneration, others: [tie]) == .hold(.revivable))
        #expect(account.action(tie, others: [byGeneration]) == .hold(.revivable))
    }

    @Test("has nothing to revive for users who are active, deleted, or not on account storage")
    func notRevivable() {
        let record = UserRecord.of("a", uid: 1, generation: 5, keysChangedAt: 5, replacedAt: 5)
        let active = UserRecord.of("a", uid: 2, keysChangedAt: 6, replacedAt: nil)
        #expect(account.action(record, others: [active])?.deletion != nil)
        #expect(account.action(record, others: [.tombstone("a", uid: 2)])?.deletion != nil)
        #expect(byUID.action(record)?.deletion != nil)
        // Nobody said what the storage is: the safe side is the default.
        #expect(unknown.action(record) == .hold(.revivable))
        #expect(unknown.action(record, others: [active])?.deletion != nil)
    }

    @Test("takes a replaced record for the current one although another one is active")
    func replacedButCurrent() {
        var fixture = account
        fixture.policy.purgesUnassigned = true
        let current = UserRecord.of("a", uid: 2, generation: 20, keysChangedAt: 20, clientState: "cc", replacedAt: 50)
        let active = UserRecord.of("a", uid: 3, generation: 10, keysChangedAt: 10, replacedAt: nil)
        #expect(fixture.action(current, others: [active]) == .hold(.revivable))
        #expect(unknown.action(current, others: [active]) == .hold(.revivable))
        #expect(byUID.action(current, others: [active])?.deletion != nil)
    }

    @Test("knows that a login looks at the twenty newest records only")
    func manyRecords() {
        let greatest = UserRecord.of("a", uid: 1, generation: 99, keysChangedAt: 99, clientState: "cc", replacedAt: 5)
        let rest = (2...22).map { uid in
            UserRecord.of("a", uid: uid, generation: uid, keysChangedAt: uid, replacedAt: 9)
        }
        let newest = rest[rest.count - 1]
        #expect(account.action(greatest, others: rest) == .hold(.revivable))
        #expect(account.action(newest, others: [greatest] + rest.dropLast()) == .hold(.revivable))
        #expect(account.action(rest[0], others: [greatest] + rest.dropFirst())?.deletion != nil)
    }

    @Test("holds every key with a client state whose key may still move in place")
    func movingKeys() {
        let old = UserRecord.of("a", uid: 1, generation: 5, keysChangedAt: 5, replacedAt: 5)
        for keysChangedAt in [nil, 0] as [Int64?] {
            let active = UserRecord.of("a", uid: 2, generation: 9, keysChangedAt: keysChangedAt, replacedAt: nil)
            #expect(account.action(old, others: [active]) == .hold(.sharedData))
            #expect(unknown.action(old, others: [active]) == .hold(.sharedData))
            var current = active
            current.replacedAt = Timestamp(8)
            #expect(account.action(old, others: [current]) == .hold(.revivable))
        }
        let settled = UserRecord.of("a", uid: 2, generation: 9, keysChangedAt: 9, replacedAt: nil)
        #expect(account.action(old, others: [settled])?.deletion != nil)
        let otherState = UserRecord.of("a", uid: 2, keysChangedAt: nil, clientState: "cc", replacedAt: nil)
        #expect(account.action(old, others: [otherState])?.deletion != nil)
    }

    // MARK: Whose data

    @Test("takes records of one fxa_uid under two e-mail domains for one account's, on account storage")
    func twoDomains() throws {
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        func action(_ kin: [UserRecord], _ fixture: PlanningFixture) throws -> PurgeAction {
            let directory = NodeDirectory(nodes: fixture.nodes, policy: fixture.policy)
            let other = UserRecord.of("a", uid: 2, keysChangedAt: 7, replacedAt: nil)
            let entry = try #require(BacklogEntry(record: record, others: [other], kin: [kin]))
            return PurgePlanner(policy: fixture.policy).action(for: entry, in: directory)
        }
        let active = UserRecord.of("a", uid: 3, replacedAt: nil)
        #expect(try action([active], account) == .deleteRecord(.sharedData))
        #expect(try action([.of("a", uid: 3, replacedAt: 7)], account) == .hold(.revivable))
        #expect(try action([.of("a", uid: 3, keysChangedAt: 8, replacedAt: nil)], account).deletion != nil)
        #expect(try action([active], byUID).deletion != nil)
    }

    @Test("takes records that spell the fxa_uid differently for different data, to which a login could lead")
    func twoSpellings() {
        let record = UserRecord.of("A", uid: 1, replacedAt: 5)
        let twin = UserRecord.of("a", uid: 2, replacedAt: nil)
        // Not the active record's data; but whoever logs in as A gets this key.
        #expect(account.action(record, others: [twin]) == .hold(.sharedData))
        let otherKey = UserRecord.of("a", uid: 2, keysChangedAt: 7, replacedAt: nil)
        #expect(account.action(record, others: [otherKey])?.keyTexts == [key])
        let sameSpelling = UserRecord.of("A", uid: 2, replacedAt: nil)
        #expect(account.action(record, others: [sameSpelling]) == .deleteRecord(.sharedData))
    }

    // MARK: Row 8, account storage

    @Test("deletes the record only when an active record on account storage has all its keys")
    func sharedOnAccountStorage() {
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        for node in [Int64(1), 2] {
            let active = UserRecord.of("a", uid: 2, replacedAt: nil, node: node)
            #expect(account.action(record, others: [active]) == .deleteRecord(.sharedData))
        }
    }

    @Test("deletes both spellings where keys_changed_at is 0, but never one that an active record has")
    func bothSpellings() {
        let record = UserRecord.of("a", uid: 1, generation: 7, keysChangedAt: 0, replacedAt: 5)
        let elsewhere = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil)
        #expect(account.action(record, others: [elsewhere])?.keyTexts == ["0000000000007-qrs", "0000000000000-qrs"])
        let sameText = UserRecord.of("a", uid: 3, generation: 8, keysChangedAt: 7, replacedAt: nil)
        #expect(account.action(record, others: [sameText])?.keyTexts == ["0000000000000-qrs"])
    }

    @Test("holds a record whose key an active record on unknown storage has")
    func doubtfulTwin() {
        var fixture = PlanningFixture()
        fixture.policy.storageTypes = StorageTypes(byURL: ["https://node-1.example": .account])
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let twin = UserRecord.of("a", uid: 2, replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [twin]) == .hold(.sharedData))
        let twinOfGoneNode = UserRecord.of("a", uid: 2, replacedAt: nil, node: 9)
        // The next login makes a copy of it, on any node; if it is purged before, nobody asks for its data.
        #expect(fixture.action(record, others: [twinOfGoneNode]) == .hold(.sharedData))
        let otherKey = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [otherKey])?.keyTexts == [key])
    }

    @Test("holds a record with two keys of which one may be an active record's")
    func halfDoubtful() {
        var fixture = PlanningFixture()
        fixture.policy.storageTypes = StorageTypes(spannerNode: NodeID(1))
        let record = UserRecord.of("a", uid: 1, generation: 7, keysChangedAt: 0, replacedAt: 5)
        let active = UserRecord.of("a", uid: 2, generation: 8, keysChangedAt: 7, replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [active]) == .hold(.sharedData))
    }

    @Test("does not mind an active record on storage keyed by uid")
    func twinOnUIDStorage() {
        var fixture = PlanningFixture()
        fixture.policy.storageTypes = StorageTypes(
            byURL: ["https://node-1.example": .account, "https://node-2.example": .uid]
        )
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let twin = UserRecord.of("a", uid: 2, replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [twin])?.keyTexts == [key])
    }

    @Test("counts an active record of a downed node as being on either storage when there is an override")
    func activeRecordPastAnOverride() throws {
        var fixture = PlanningFixture()
        fixture.down(2)
        fixture.policy.forcesDownedNodes = true
        fixture.policy.overrideNode = try ServiceURL("https://new.example")
        fixture.policy.storageTypes = StorageTypes(
            byURL: [
                "https://node-1.example": .account, "https://node-2.example": .uid, "https://new.example": .account,
            ]
        )
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let twin = UserRecord.of("a", uid: 2, replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [twin]) == .deleteRecord(.sharedData))
    }

    // MARK: Rows 9 to 11, unknown storage

    @Test("holds a twin anywhere on unknown storage, as two URLs may lead to one storage")
    func twinOnUnknownStorage() {
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let sameNode = UserRecord.of("a", uid: 2, replacedAt: nil)
        #expect(unknown.action(record, others: [sameNode]) == .hold(.sharedData))
        let otherNode = UserRecord.of("a", uid: 2, replacedAt: nil, node: 2)
        #expect(unknown.action(record, others: [otherNode]) == .hold(.sharedData))
        let otherKey = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil)
        #expect(unknown.action(record, others: [otherKey])?.keyTexts == [key])
        let replaced = UserRecord.of("a", uid: 2, replacedAt: 9)
        #expect(unknown.action(record, others: [replaced]) == .hold(.revivable))
    }

    @Test(
        "sees a twin behind another spelling of the same node's URL",
        arguments: [
            "https://node-1.example/", "https://NODE-1.example", "https://node-1.example:443",
        ]
    )
    func twinBehindAnotherSpelling(_ url: String) {
        var fixture = unknown
        fixture.nodes[1].url = url
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let twin = UserRecord.of("a", uid: 2, replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [twin]) == .hold(.sharedData))
    }

    @Test("deletes only the record of a twin past a downed node when --override_node has an effect, as the original")
    func twinWithOverride() throws {
        var fixture = unknown
        fixture.policy.overrideNode = try ServiceURL("https://new.example")
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let twin = UserRecord.of("a", uid: 2, replacedAt: nil, node: 2)
        fixture.policy.forcesDownedNodes = true
        // An override concerns downed nodes only.
        #expect(fixture.action(record, others: [twin]) == .hold(.sharedData))
        fixture.down(1)
        #expect(fixture.action(record, others: [twin]) == .deleteRecord(.sharedData))
        let otherKey = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [otherKey])?.deletion?.target.text == "https://new.example")
        fixture.policy.forcesDownedNodes = false
        #expect(fixture.action(record, others: [twin]) == .wait(.nodeDown))
    }

    @Test("sees a twin in either spelling where storage is unknown")
    func twinInTheOtherSpelling() {
        let record = UserRecord.of("a", uid: 1, generation: 7, keysChangedAt: 0, replacedAt: 5)
        let twin = UserRecord.of("a", uid: 2, generation: 8, keysChangedAt: 0, replacedAt: nil)
        #expect(unknown.action(record, others: [twin]) == .hold(.sharedData))
    }

    // MARK: Types and moments

    @Test("knows the Spanner node by its id, and only that one")
    func spannerNode() {
        var fixture = PlanningFixture()
        fixture.policy.storageTypes = StorageTypes(spannerNode: NodeID(2))
        #expect(fixture.action(.obsolete(uid: 1, node: 2)) == .hold(.revivable))
        let active = UserRecord.of("user1", uid: 2, clientState: "cc", replacedAt: nil)
        #expect(fixture.action(.obsolete(uid: 1, node: 1), others: [active])?.keyTexts?.count == 1)
    }

    @Test("holds what lies on storage that isn't named while others are named by URL")
    func unnamedStorage() {
        var fixture = PlanningFixture()
        fixture.policy.storageTypes = StorageTypes(byURL: ["https://node-1.example": .uid])
        #expect(fixture.action(.obsolete(uid: 1))?.deletion != nil)
        #expect(fixture.action(.obsolete(uid: 1, node: 2)) == .hold(.unnamedStorage))
        // A type belongs to the URL, not to the node's row.
        fixture.nodes[0].url = "https://new.example"
        #expect(fixture.action(.obsolete(uid: 1)) == .hold(.unnamedStorage))
        fixture.policy.storageTypes = StorageTypes(byURL: ["https://node-1.example": .uid], ofAll: .account)
        #expect(fixture.action(.obsolete(uid: 1)) == .hold(.revivable))
        fixture.policy.storageTypes = StorageTypes(
            byURL: ["https://node-1.example": .uid],
            spannerNode: NodeID(2)
        )
        #expect(fixture.action(.obsolete(uid: 1, node: 2)) == .hold(.revivable))
    }

    @Test(
        "knows the Spanner node as the override's target, however its URL is spelt",
        arguments: [
            "https://node-2.example", "https://node-2.example/", "https://Node-2.example",
        ]
    )
    func spannerNodeAsOverride(_ url: String) throws {
        var fixture = PlanningFixture()
        fixture.down(1)
        fixture.policy.storageTypes = StorageTypes(spannerNode: NodeID(2))
        fixture.policy.forcesDownedNodes = true
        fixture.policy.overrideNode = try ServiceURL(url)
        #expect(fixture.action(.obsolete(uid: 1)) == .hold(.revivable))
    }

    @Test("prefers a node's own type to the type of all, however the URL is spelt")
    func typePrecedence() {
        var fixture = PlanningFixture()
        fixture.policy.storageTypes = StorageTypes(byURL: ["HTTPS://node-1.example/": .uid], ofAll: .account)
        #expect(fixture.action(.obsolete(uid: 1))?.deletion != nil)
        #expect(fixture.action(.obsolete(uid: 1, node: 2)) == .hold(.revivable))
        let names = fixture.policy.storageTypes.urlsNotAmong(["https://node-1.example"])
        #expect(names.isEmpty)
        #expect(fixture.policy.storageTypes.urlsNotAmong([]).count == 1)
    }

    @Test("asks that nothing was written later than a token's life after the replacement or the next record")
    func writeCheck() {
        var fixture = byUID
        let record = UserRecord.of("a", uid: 1, createdAt: 10, replacedAt: 5_000)
        func moment(_ others: [UserRecord] = []) -> Timestamp? {
            fixture.action(record, others: others)?.deletion?.keys.first?.unmodifiedSince
        }
        let margin = Int64(3900 * 1000)
        #expect(moment() == Timestamp(5_000 + margin))
        let earlier = UserRecord.of("a", uid: 3, createdAt: 9, replacedAt: 10)
        let (next, later) = (2_000, 3_000)
        let others = [
            earlier, .of("a", uid: 4, createdAt: Int64(later), replacedAt: nil),
            .of("a", uid: 5, createdAt: Int64(next), replacedAt: 9_000),
        ]
        #expect(moment(others) == Timestamp(2_000 + margin))
        #expect(moment([.of("a", uid: 2, createdAt: 6_000, replacedAt: nil)]) == Timestamp(5_000 + margin))
        fixture.policy.writeMargin = .seconds(60)
        #expect(moment() == Timestamp(65_000))
        fixture.policy.writeMargin = nil
        #expect(moment() == nil)
        #expect(fixture.action(record)?.deletion != nil)
    }

    @Test("asks for the latest moment of all obsolete records that share the key, and of a deletion")
    func sharedWriteCheck() {
        let margin = Int64(3900 * 1000)
        func moment(_ record: UserRecord, _ others: [UserRecord], _ fixture: PlanningFixture) -> Int64? {
            fixture.action(record, others: others)?.deletion?.keys.first?.unmodifiedSince.map { $0.rawValue - margin }
        }
        // Unassigned, revived with the same key, and replaced by another one.
        let first = UserRecord.of("a", uid: 1, createdAt: 10, replacedAt: 1_000)
        let second = UserRecord.of("a", uid: 2, createdAt: 2_000, replacedAt: 9_000)
        let active = UserRecord.of("a", uid: 3, keysChangedAt: 7, clientState: "cc", createdAt: 4_000, replacedAt: nil)
        #expect(moment(first, [second, active], account) == 4_000)
        #expect(moment(first, [second, active], byUID) == 1_000)
        // A deferral moved replaced_at, the next record's creation stays.
        var deferred = first
        deferred.replacedAt = Timestamp(50_000)
        #expect(moment(deferred, [second, active], byUID) == 2_000)
        // Until the account was deleted, its devices had every right.
        let tombstone = UserRecord.tombstone("a", uid: 2, replacedAt: 80_000)
        for fixture in [account, byUID] { #expect(moment(first, [tombstone], fixture) == 80_000) }
        // Dated back behind its own creation by a race.
        let raced = UserRecord.of("a", uid: 1, createdAt: 3_000, replacedAt: 10)
        #expect(moment(raced, [active], account) == 3_000)
    }
}
