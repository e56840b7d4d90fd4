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
            var command = try parseAsRoot(try arguments())
            if var slow = command as? any AsyncParsableCommand {
                try await slow.run()
            } else {
                try command.run()
            }
        } catch {
            leave(with: error)
        }
    }

    /// The words of the command line; for `serve` with the settings of file and environment before its own.
    private static func arguments() throws -> [String] {
        let words = Array(CommandLine.arguments.dropFirst())
        guard words.first == Serve._commandName, !words.contains(where: { ["-h", "--help", "--version"].contains($0) })
        else { return words }
        let settings = try ServeSettings(Array(words.dropFirst()), environment: ProcessInfo.processInfo.environment)
        do {
            _ = try parseAsRoot(["serve"] + settings.arguments)
        } catch  where exitCode(for: error) == .validationFailure {
            for origin in settings.origins(in: fullMessage(for: error)) { writeToStandardError(origin + "\n") }
        }
        return ["serve"] + settings.arguments
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
