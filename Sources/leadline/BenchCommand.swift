internal import ArgumentParser

/// Times parts of Leadline, and servers.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Time parts of Leadline on this machine, or load a server.",
        subcommands: [BenchKernel.self, BenchLoad.self, BenchCompare.self]
    )
}
