internal import ArgumentParser
internal import Foundation

/// The `leadline` command.
@main
struct Leadline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "leadline",
        abstract: "Predictive lead scoring as fast infrastructure.",
        discussion: """
            Learns from past leads which ones convert, serves what it learned over TLS HTTP/2, and scores thousands of \
            leads in one request.

            Example:
              leadline sample-leads --rows 40000 --open-share 0.1 -o leads.csv
              leadline train leads.csv --label converted --id lead_id \\
                --date created_date --out models/leads
              leadline score --model models/leads leads.csv

            Leaves with 0 when it is done, 1 when it failed, 2 when it was asked wrongly.
            """,
        version: "0.1.0",
        subcommands: [
            Bench.self,
            Certs.self,
            Import.self,
            Inspect.self,
            Models.self,
            Predict.self,
            SampleLeads.self,
            Score.self,
            Serve.self,
            Train.self,
        ]
    )

    /// Runs the command line and leaves with 0 (done), 1 (it failed) or 2 (it was asked wrongly).
    static func main() async {
        do {
            var command = try parsed(Array(CommandLine.arguments.dropFirst()))
            if var slow = command as? any AsyncParsableCommand {
                try await slow.run()
            } else {
                try command.run()
            }
        } catch {
            leave(with: error)
        }
    }

    /// The command that the words say; for `serve` with the settings of file and environment before them.
    private static func parsed(_ words: [String]) throws -> any ParsableCommand {
        let name = "serve"
        guard words.first == name, !words.contains(where: { ["-h", "--help", "--version"].contains($0) }) else {
            return try parseAsRoot(words)
        }
        let settings = try ServeSettings(Array(words.dropFirst()), environment: ProcessInfo.processInfo.environment)
        do {
            return try parseAsRoot([name] + settings.arguments)
        } catch {
            for origin in settings.origins(in: fullMessage(for: error)) { writeToStandardError(origin + "\n") }
            throw error
        }
    }

    private static func leave(with error: any Error) -> Never {
        switch exitCode(for: error) {
        case .validationFailure:
            let message = fullMessage(for: error)
            let parserWord = "Error: "
            let text = message.hasPrefix(parserWord) ? "error: " + message.dropFirst(parserWord.count) : message
            writeToStandardError(text + "\n")
            Foundation.exit(2)
        case .failure where !(error is ExitCode):
            writeToStandardError("error: \(error)\n")
            Foundation.exit(1)
        default:
            // Help and version are answers, not errors; a code thrown by a command is its own.
            exit(withError: error)
        }
    }
}
