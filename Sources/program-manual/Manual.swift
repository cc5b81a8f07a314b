/// A manual page, in the macros of man(7).
struct Manual {
    let command: CommandDescription
    let version: String
    /// Of the version: 2026-11-27.
    let date: String
    /// Sections that no option tells: environment, signals, files.
    let furtherSections: String

    var text: String {
        var text = """
            .TH \(command.commandName.uppercased()) 1 \(date) "\(command.commandName) \(version)"
            .SH NAME
            \(Self.escaped(command.commandName)) \\- \(Self.escaped(Self.phrase(command.abstract)))
            .SH SYNOPSIS
            .B \(Self.escaped(command.commandName))
            [\\fIoptions\\fR] [\\fIsecret\\fR]

            """
        for subcommand in subcommands {
            let operands = subcommand.shownArguments.filter(\.isPositional).compactMap(\.valueName)
                .map { "\\fI\(Self.escaped($0))\\fR ..." }
            text += """
                .br
                .B \(Self.escaped("\(command.commandName) \(subcommand.commandName)"))
                \((["[\\fIoptions\\fR]"] + operands).joined(separator: " "))

                """
        }
        text += ".SH DESCRIPTION\n\(Self.paragraphs(command.discussion))"
        text += ".SH OPTIONS\n\(options(command.shownArguments))"
        text += ".SH SUBCOMMANDS\n"
        for subcommand in subcommands { text += section(subcommand) }
        return text + furtherSections
    }

    /// The one that prints help is in every program.
    private var subcommands: [CommandDescription] { command.subcommands?.filter { $0.commandName != "help" } ?? [] }

    /// Those without a section first, then section by section, each in the program's own order.
    private func options(_ arguments: [CommandDescription.Argument]) -> String {
        var titles: [String?] = [nil]
        for argument in arguments where !titles.contains(argument.sectionTitle) { titles.append(argument.sectionTitle) }
        var text = ""
        for title in titles {
            if let title { text += ".SS \(Self.escaped(title))\n" }
            for argument in arguments where argument.sectionTitle == title { text += Self.item(argument) }
        }
        return text
    }

    /// What a subcommand has in common with the program itself is only named.
    private func section(_ subcommand: CommandDescription) -> String {
        let known = Set(command.shownArguments.map { "\($0.spellings) \($0.abstract ?? "")" })
        let arguments = subcommand.shownArguments
        let shared = arguments.filter { known.contains("\($0.spellings) \($0.abstract ?? "")") }
        let own = arguments.filter { !known.contains("\($0.spellings) \($0.abstract ?? "")") }
        var text = ".SS \(Self.escaped(subcommand.commandName))\n\(Self.text(subcommand.abstract ?? ""))"
        if let discussion = subcommand.discussion { text += ".PP\n\(Self.paragraphs(discussion))" }
        text += own.map(Self.item).joined()
        let names = shared.compactMap { $0.spellings.last { $0.hasPrefix("--") } }.map { "\\fB\(Self.escaped($0))\\fR" }
        return text + ".PP\n" + Self.wrapped("As above: \(names.joined(separator: ", ")).")
    }

    private static func item(_ argument: CommandDescription.Argument) -> String {
        let value = "\\fI\(escaped(argument.valueName ?? "value"))\\fR"
        var head = argument.spellings.map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ")
        if argument.isPositional {
            head = value
        } else if argument.kind == "option" {
            head += " \(value)"
        }
        if argument.isRepeating, !argument.isPositional { head += " ..." }
        var text = ".TP\n\(head)\n\(Self.text(argument.abstract ?? ""))"
        if let value = argument.defaultValue, !value.isEmpty { text += "The default is \(escaped(value)).\n" }
        return text
    }

    private static func paragraphs(_ text: String?) -> String {
        (text ?? "").split(separator: "\n").map { Self.text(String($0)) }.joined(separator: ".PP\n")
    }

    /// "Removes things." as "removes things".
    private static func phrase(_ text: String?) -> String {
        var text = text ?? ""
        if text.hasSuffix(".") { text.removeLast() }
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    /// Text in lines as typesetters of manual pages want them.
    private static func text(_ text: String) -> String { wrapped(escaped(text)) }

    /// - Parameter text: in the macros' own spelling.
    private static func wrapped(_ text: String) -> String {
        var lines = [""]
        for word in text.split(separator: " ") {
            if lines[lines.count - 1].isEmpty {
                lines[lines.count - 1] = String(word)
            } else if lines[lines.count - 1].utf8.count + word.utf8.count >= 80 {
                // A line must not begin as a macro does.
                lines.append(word.hasPrefix(".") || word.hasPrefix("'") ? "\\&\(word)" : String(word))
            } else {
                lines[lines.count - 1] += " \(word)"
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private static func escaped(_ text: String) -> String {
        let text = text.map { character in
            switch character {
            case "\\": "\\e"
            case "-": "\\-"
            case "…": "..."
            default: String(character)
            }
        }.joined()
        return text.hasPrefix(".") || text.hasPrefix("'") ? "\\&\(text)" : text
    }
}
