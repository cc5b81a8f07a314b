import Foundation
import Purging
import TestSupport
import Testing

/// What the documents promise about each answer, and what the table says.
@Suite("What an answer means")
struct AnswerMeaningTests {
    /// One row: an answer as it comes from the network, and what is to follow.
    struct Row: CustomTestStringConvertible, Sendable {
        let answer: String
        let verdict: NodeAnswer.Verdict
        let record: String
        let node: String
        let secret: String
        var known = AnswerMeaning.Known()
        var policy = AnswerMeaning.Policy()

        var testDescription: String { answer }
    }

    private static func node(_ status: Int) -> NodeAnswer.Verdict {
        NodeAnswer.Verdict(status: status, isNodes: true, sender: "node")
    }

    private static func bare(_ status: Int) -> NodeAnswer.Verdict {
        NodeAnswer.Verdict(status: status, isNodes: false, sender: "a proxy")
    }

    private static var lenient: AnswerMeaning.Policy {
        var policy = AnswerMeaning.Policy()
        policy.acceptsNotFound = true
        policy.acceptsBareSuccess = true
        return policy
    }

    private static let accepted = AnswerMeaning.Known(hasAccepted: true, hasShownTimestamp: true)
    private static let shown = AnswerMeaning.Known(hasShownTimestamp: true)

    private static let confirmed = "its data is gone"
    private static let refused = "fails, unless the node refuses eight in a row"
    private static let again = "tried again; in the end whosever failure it is"
    private static let againAtMost = "tried again; in the end it stays as it is"
    private static let untouched = "stays as it is"
    private static let trouble = "in trouble"

    static let rows: [Row] = [
        Row(answer: "200, 204", verdict: node(200), record: confirmed, node: "well", secret: "accepted"),
        Row(answer: "204", verdict: node(204), record: confirmed, node: "well", secret: "accepted"),
        Row(answer: "201, 202, 206, 207", verdict: node(202), record: untouched, node: trouble, secret: ""),
        Row(answer: "206", verdict: node(206), record: untouched, node: trouble, secret: ""),
        Row(answer: "207", verdict: node(207), record: untouched, node: trouble, secret: ""),
        Row(answer: "3xx", verdict: node(307), record: untouched, node: trouble, secret: ""),
        Row(answer: "400, 403", verdict: node(400), record: refused, node: "refuses", secret: "refused"),
        Row(answer: "403", verdict: node(403), record: refused, node: "refuses", secret: "refused"),
        Row(
            answer: "400, 403 of a node that accepted the secret",
            verdict: node(403),
            record: refused,
            node: "refuses",
            secret: "",
            known: accepted
        ),
        Row(answer: "401", verdict: node(401), record: refused, node: "refuses", secret: "refused"),
        Row(answer: "404", verdict: node(404), record: "held: not_found", node: "refuses", secret: ""),
        Row(
            answer: "404 with `--accept-404`",
            verdict: node(404),
            record: confirmed,
            node: "well",
            secret: "",
            policy: lenient
        ),
        Row(answer: "407", verdict: node(407), record: untouched, node: trouble, secret: ""),
        Row(answer: "409, 423, 429, 503", verdict: node(409), record: again, node: "overloaded", secret: ""),
        Row(answer: "423", verdict: node(423), record: again, node: "overloaded", secret: ""),
        Row(answer: "429", verdict: node(429), record: again, node: "overloaded", secret: ""),
        Row(answer: "503", verdict: node(503), record: again, node: "overloaded", secret: ""),
        Row(
            answer: "412",
            verdict: node(412),
            record: "held: written_since, or asked again after the quiet time",
            node: "answers",
            secret: ""
        ),
        Row(answer: "other 4xx", verdict: node(410), record: refused, node: "refuses", secret: ""),
        Row(answer: "500, 502, 504, other 5xx", verdict: node(500), record: again, node: trouble, secret: ""),
        Row(answer: "504", verdict: node(504), record: again, node: trouble, secret: ""),
        Row(answer: "513", verdict: node(513), record: untouched, node: "abandoned for the run", secret: ""),
        Row(answer: "other statuses", verdict: node(700), record: untouched, node: trouble, secret: ""),
        Row(answer: "bare 200, 204", verdict: bare(200), record: untouched, node: trouble, secret: ""),
        Row(
            answer: "bare 200, 204 with `--accept-bare-2xx`",
            verdict: bare(204),
            record: confirmed,
            node: "well",
            secret: "accepted",
            policy: lenient
        ),
        Row(
            answer: "the same of a node that ever sent `X-Weave-Timestamp`",
            verdict: bare(204),
            record: untouched,
            node: trouble,
            secret: "",
            known: shown,
            policy: lenient
        ),
        Row(answer: "bare 202", verdict: bare(202), record: untouched, node: trouble, secret: "", policy: lenient),
        Row(answer: "bare 401", verdict: bare(401), record: untouched, node: trouble, secret: "refused"),
        Row(answer: "bare 404", verdict: bare(404), record: untouched, node: trouble, secret: "", policy: lenient),
        Row(answer: "bare 429, 5xx", verdict: bare(503), record: againAtMost, node: trouble, secret: ""),
        Row(answer: "bare 513", verdict: bare(513), record: againAtMost, node: trouble, secret: ""),
        Row(answer: "anything else that is bare", verdict: bare(403), record: untouched, node: trouble, secret: ""),
        Row(answer: "bare 412", verdict: bare(412), record: untouched, node: trouble, secret: ""),
        Row(answer: "no answer in time", verdict: .timedOut, record: again, node: trouble, secret: ""),
        Row(
            answer: "no connection, or a broken one",
            verdict: .unreachable(what: "", sent: true),
            record: again,
            node: trouble,
            secret: ""
        ),
        Row(
            answer: "no descriptor, port or memory for a connection on this machine",
            verdict: .shortage(what: ""),
            record: againAtMost,
            node: "",
            secret: ""
        ),
        Row(answer: "too late to be sent", verdict: .expired, record: "decided on anew", node: "", secret: ""),
        Row(answer: "the program stops", verdict: .abandoned, record: untouched, node: "", secret: ""),
    ]

    @Test("is the same in the table and in docs/ANSWERS.md", arguments: rows)
    func table(_ row: Row) throws {
        let meaning = AnswerMeaning(row.verdict, from: row.known, policy: row.policy)
        #expect(Self.text(meaning.record) == row.record)
        #expect(Self.text(meaning.node) == row.node)
        #expect(Self.text(meaning.secret) == row.secret)
    }

    @Test("stands in docs/ANSWERS.md")
    func document() throws {
        // Rows of one status alone are examples of the row before them.
        let isExample: (Row) -> Bool = { row in
            Int(row.answer).map { ![401, 404, 407, 412, 513].contains($0) } ?? false
                || ["bare 202", "bare 513", "bare 412", "bare 404"].contains(row.answer)
        }
        let lines = Self.rows.filter { !isExample($0) }
            .map { "| \($0.answer) | \($0.record) | \($0.node) | \($0.secret) |" }
        let table = (["| answer | the record | the node | the secret |", "|---|---|---|---|"] + lines)
            .joined(separator: "\n")
        let text = try String(contentsOf: Repository.folder.appending(path: "docs/ANSWERS.md"), encoding: .utf8)
        #expect(text.contains(table), "put this table into docs/ANSWERS.md:\n\(table)")
    }

    private static func text(_ meaning: AnswerMeaning.ForRecord) -> String {
        switch meaning {
        case .confirmed: confirmed
        case .writtenSince: "held: written_since, or asked again after the quiet time"
        case .held(let reason): "held: \(reason.rawValue)"
        case .refused: refused
        case .triedAgain: again
        case .triedAgainAtMost: againAtMost
        case .skipped: untouched
        case .decidedAnew: "decided on anew"
        }
    }

    private static func text(_ meaning: AnswerMeaning.ForNode) -> String {
        switch meaning {
        case .nothing: ""
        case .good: "well"
        case .neutral: "answers"
        case .refusal: "refuses"
        case .overloaded: "overloaded"
        case .failed: trouble
        case .abandoned: "abandoned for the run"
        }
    }

    private static func text(_ meaning: AnswerMeaning.ForSecret) -> String {
        switch meaning {
        case .nothing: ""
        case .accepted: "accepted"
        case .refused: "refused"
        }
    }
}
