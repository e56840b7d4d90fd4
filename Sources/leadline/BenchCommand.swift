internal import ArgumentParser

/// Times parts of Leadline.
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Time parts of Leadline on this machine.",
        subcommands: [BenchKernel.self]
    )
}
