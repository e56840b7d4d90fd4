internal import ArgumentParser

/// The `leadline` command.
@main
struct Leadline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leadline",
        abstract: "Predictive lead scoring as fast infrastructure.",
        version: "0.1.0",
        subcommands: []
    )
}
