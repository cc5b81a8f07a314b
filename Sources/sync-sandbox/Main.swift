import ArgumentParser

/// A small world for trying and testing `purge-old-records`; no part of it is in that program.
@main
struct Main: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync-sandbox",
        abstract: "A Firefox Sync storage node and a Tokenserver's database on loopback, for trying purge-old-records.",
        subcommands: [DemoCommand.self, NodeCommand.self, FillCommand.self]
    )
}
