import Purging
import TestSupport
import Testing

@Suite("Law 11: e-mail addresses reach no text")
struct SecrecyLaw {
    @Test("neither a record, nor an entry, nor an action tells its user's address")
    func redaction() throws {
        let record = UserRecord.of("secret-person", uid: 1, replacedAt: 5)
        let entry = try #require(BacklogEntry(record: record, others: [record]))
        for text in ["\(record)", "\(entry)", String(reflecting: entry), String(describing: record.email)] {
            #expect(!text.contains("secret-person"))
        }
        var dumped = ""
        dump(entry, to: &dumped)
        #expect(!dumped.contains("secret-person"))
    }
}
