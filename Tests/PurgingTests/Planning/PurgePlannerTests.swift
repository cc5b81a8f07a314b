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
        #expect(fixture.action(.obsolete(uid: 1, node: 1))?.deletion != nil)
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
        #expect(unknown.action(.of("a", uid: 1, clientState: "", replacedAt: 5))?.keyTexts == ["0000000001000-"])
        #expect(unknown.action(.of("a", uid: 1, clientState: "AABB", replacedAt: 5))?.keyTexts == [key])
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
        #expect(byUID.action(record)?.keyTexts == ["0000000000007-qrs"])
        #expect(unknown.action(record)?.keyTexts == ["0000000000007-qrs"])
    }

    // MARK: Row 5, unaddressable

    @Test("holds a tombstone whose key was made from its generation", arguments: [nil, 0] as [Int64?])
    func unaddressable(_ keysChangedAt: Int64?) {
        let tombstone = UserRecord.tombstone("a", uid: 1, keysChangedAt: keysChangedAt)
        #expect(unknown.action(tombstone) == .hold(.unaddressable))
        #expect(account.action(tombstone) == .hold(.unaddressable))
        #expect(unknown.action(.tombstone("a", uid: 1))?.deletion != nil)
        let living = UserRecord.of("a", uid: 1, keysChangedAt: keysChangedAt, replacedAt: 5)
        #expect(unknown.action(living)?.deletion != nil)
    }

    @Test("takes the operator's word for an unaddressable record on account storage only")
    func acceptedUnaddressable() {
        let tombstone = UserRecord.tombstone("a", uid: 1, keysChangedAt: nil)
        var (onAccount, onUnknown) = (account, unknown)
        onAccount.policy.acceptsUnaddressable = true
        onUnknown.policy.acceptsUnaddressable = true
        #expect(onAccount.action(tombstone)?.deletion?.kind == .notDown)
        #expect(onUnknown.action(tombstone) == .hold(.unaddressable))
    }

    @Test("names unaddressable before tombstone_last, as the table does")
    func unaddressableFirst() {
        let tombstone = UserRecord.tombstone("a", uid: 2, keysChangedAt: nil)
        #expect(account.action(tombstone, others: [.of("a", uid: 1, replacedAt: 4)]) == .hold(.unaddressable))
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
        #expect(unknown.action(record)?.deletion != nil)
        #expect(byUID.action(record)?.deletion != nil)
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
        let sameGeneration = UserRecord.of("a", uid: 3, generation: 7, keysChangedAt: nil, replacedAt: nil)
        #expect(account.action(record, others: [sameGeneration])?.keyTexts == ["0000000000000-qrs"])
        let sameZero = UserRecord.of("a", uid: 4, generation: 8, keysChangedAt: 0, replacedAt: nil)
        #expect(account.action(record, others: [sameZero])?.keyTexts == ["0000000000007-qrs"])
        #expect(account.action(record, others: [sameGeneration, sameZero]) == .deleteRecord(.sharedData))
    }

    @Test("holds a record whose key an active record on unknown storage has")
    func doubtfulTwin() {
        var fixture = PlanningFixture()
        fixture.policy.storageTypes = StorageTypes(byURL: ["https://node-1.example": .account])
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let twin = UserRecord.of("a", uid: 2, replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [twin]) == .hold(.sharedData))
        let twinOfGoneNode = UserRecord.of("a", uid: 2, replacedAt: nil, node: 9)
        #expect(fixture.action(record, others: [twinOfGoneNode]) == .hold(.sharedData))
        let otherKey = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [otherKey])?.keyTexts == [key])
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

    @Test("holds a twin on the same unknown node, and deletes the data of one on another")
    func twinOnUnknownStorage() {
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let sameNode = UserRecord.of("a", uid: 2, replacedAt: nil)
        #expect(unknown.action(record, others: [sameNode]) == .hold(.sharedData))
        let otherNode = UserRecord.of("a", uid: 2, replacedAt: nil, node: 2)
        #expect(unknown.action(record, others: [otherNode])?.keyTexts == [key])
        let otherKey = UserRecord.of("a", uid: 2, clientState: "cc", replacedAt: nil)
        #expect(unknown.action(record, others: [otherKey])?.keyTexts == [key])
        let replaced = UserRecord.of("a", uid: 2, replacedAt: 9)
        #expect(unknown.action(record, others: [replaced])?.keyTexts == [key])
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

    @Test("deletes only the record of a twin anywhere when --override_node has an effect, as the original")
    func twinWithOverride() throws {
        var fixture = unknown
        fixture.policy.overrideNode = try ServiceURL("https://new.example")
        let record = UserRecord.of("a", uid: 1, replacedAt: 5)
        let twin = UserRecord.of("a", uid: 2, replacedAt: nil, node: 2)
        #expect(fixture.action(record, others: [twin])?.deletion != nil)
        fixture.policy.forcesDownedNodes = true
        #expect(fixture.action(record, others: [twin]) == .deleteRecord(.sharedData))
        #expect(fixture.action(record)?.deletion != nil)
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
        #expect(fixture.action(.obsolete(uid: 1, node: 1))?.deletion != nil)
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
        func moment(_ others: [UserRecord] = []) -> Milliseconds? {
            fixture.action(record, others: others)?.deletion?.unmodifiedSince
        }
        let margin = Int64(3900 * 1000)
        #expect(moment() == Milliseconds(5_000 + margin))
        let earlier = UserRecord.of("a", uid: 3, createdAt: 9, replacedAt: 10)
        let (next, later) = (2_000, 3_000)
        let others = [
            earlier, .of("a", uid: 4, createdAt: Int64(later), replacedAt: nil),
            .of("a", uid: 5, createdAt: Int64(next), replacedAt: 9_000),
        ]
        #expect(moment(others) == Milliseconds(2_000 + margin))
        #expect(moment([.of("a", uid: 2, createdAt: 6_000, replacedAt: nil)]) == Milliseconds(5_000 + margin))
        fixture.policy.writeMargin = .seconds(60)
        #expect(moment() == Milliseconds(65_000))
        fixture.policy.writeMargin = nil
        #expect(moment() == nil)
        #expect(fixture.action(record)?.deletion != nil)
    }
}
