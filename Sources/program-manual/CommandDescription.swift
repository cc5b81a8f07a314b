/// A command as swift-argument-parser's `--experimental-dump-help` describes it, as far as a manual needs it.
struct CommandDescription: Decodable {
    struct Tool: Decodable {
        let command: CommandDescription
    }

    struct Argument: Decodable {
        struct Name: Decodable {
            let kind: String
            let name: String

            /// As it is written on a command line.
            var spelling: String { (kind == "long" ? "--" : "-") + name }
        }

        let kind: String
        let names: [Name]?
        let valueName: String?
        let abstract: String?
        let defaultValue: String?
        let isRepeating: Bool
        let shouldDisplay: Bool
        let sectionTitle: String?

        var isPositional: Bool { kind == "positional" }
        var spellings: [String] { names?.map(\.spelling) ?? [] }
    }

    let commandName: String
    let abstract: String?
    let discussion: String?
    let arguments: [Argument]?
    let subcommands: [CommandDescription]?

    var shownArguments: [Argument] { arguments?.filter(\.shouldDisplay) ?? [] }
}
