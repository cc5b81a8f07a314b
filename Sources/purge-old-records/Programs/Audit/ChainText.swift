import Journals
import Support

/// What a verification found, for people.
struct ChainText {
    let report: ChainReport
    let hasKeys: Bool
    let hasHead: Bool

    var lines: [String] {
        report.chains.map(text) + report.findings.map { "\(word($0.weight)): \($0.text)" } + [verdict]
    }

    private func text(_ chain: ChainReport.Chain) -> String {
        var text =
            "chain \(chain.name): lines \(chain.first) to \(chain.last) in \(chain.paths.joined(separator: ", "))"
        text += "; \(Figures.counted(chain.heads, "head"))"
        if !chain.keys.isEmpty { text += ", signed with key \(chain.keys.joined(separator: ", "))" }
        if let head = chain.lastHead { text += "\n  last head \(head)" }
        return text
    }

    private func word(_ weight: ChainReport.Weight) -> String {
        switch weight {
        case .note: "note"
        case .incomplete: "missing"
        case .altered: "ALTERED"
        }
    }

    private var verdict: String {
        switch report.weight {
        case .altered: return "The log was altered."
        case .incomplete: return "What is there fits together, but not all of it is proved."
        case .note: break
        }
        var text = "The log is as it was written."
        if !hasKeys {
            text +=
                report.chains.contains { !$0.keys.isEmpty }
                ? " Name the key that you trust with --public-key to be sure who wrote it."
                : " It isn't signed: whoever can write to the file can make all of it anew."
        }
        if !hasHead { text += " Whether runs after the last head were cut off, only --head can tell." }
        return text
    }
}
