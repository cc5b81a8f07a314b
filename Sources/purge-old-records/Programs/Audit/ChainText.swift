import Journals
import Support

/// What a verification found, for people, in lines that fit a terminal where words allow it.
struct ChainText {
    let report: ChainReport
    let trust: ChainTrust

    var lines: [String] {
        report.chains.flatMap(text)
            + report.findings.flatMap { TextLines.wrapped($0.text, first: "\(word($0.weight)): ") }
            + (report.moreFindings > 0 ? ["and \(Figures.counted(report.moreFindings, "more finding"))"] : [])
            + TextLines.wrapped(verdict)
    }

    private func text(_ chain: ChainReport.Chain) -> [String] {
        let lines = "lines \(Figures.grouped(Int(chain.first))) to \(Figures.grouped(Int(chain.last)))"
        var texts = TextLines.wrapped(
            "chain \(chain.name): \(lines) in \(chain.paths.joined(separator: ", ")); \(Figures.counted(chain.heads, "head"))",
            rest: "  "
        )
        texts += chain.keys.map { "  signed with key \($0)" }
        if let head = chain.lastHead { texts.append("  last head \(head)") }
        return texts
    }

    private func word(_ weight: ChainReport.Weight) -> String {
        switch weight {
        case .note: "note"
        case .incomplete: "missing"
        case .foreign: "OTHER KEY"
        case .altered: "ALTERED"
        }
    }

    private var verdict: String {
        switch report.weight {
        case .altered: return "The log was altered."
        case .foreign: return "The log is signed with a key that was not named."
        case .incomplete:
            return report.chains.isEmpty
                ? "Nothing is proved." : "What is there fits together, but not all of it is proved."
        case .note: break
        }
        var text = "The log is as it was written."
        if !trust.hasKeys {
            text +=
                report.chains.contains { !$0.keys.isEmpty }
                ? " Name the key that you trust with --public-key to be sure who wrote it."
                : " It isn't signed: whoever can write to the file can make all of it anew."
        }
        if !trust.wantsHead { text += " Whether what came after the last head was cut off, only --head can tell." }
        return text
    }
}
