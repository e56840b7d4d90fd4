#if !LIBFUZZER
internal import Foundation
internal import FuzzTargets
internal import Synchronization

/// Mutations without a compiler's help, for where libFuzzer is not: an input that is answered in a new way (other words
/// of refusal, digits aside) joins the corpus.
struct FuzzLoop {
    private let target: FuzzTarget
    private let seed: UInt64
    private let start: [[UInt8]]
    /// The input being tried; what is left of it after a crash or a hang.
    private let current: URL

    init(_ target: FuzzTarget, _ corpus: [[UInt8]], seed: UInt64) {
        (self.target, start, self.seed) = (target, corpus, seed)
        current = URL(fileURLWithPath: "finding-\(target.rawValue)-\(seed)")
    }

    /// Runs until time is over or something is found; false if it was.
    func run(seconds: Double) -> Bool {
        say(
            "\(target.rawValue): \(start.count) files, seed \(seed); \(current.lastPathComponent) holds the input on trial"
        )
        let examination = EnsembleExamination()
        let longest = start.map(\.count).max() ?? 0
        var mutator = Mutator(
            seed: seed,
            words: target.words,
            bytesMax: max(4_096, 2 * longest),
            hasFrames: target.hasFrames
        )
        var corpus = start
        var answers: Set<String> = []
        var (executions, reads) = (0, 0)
        var memory = MemoryPeak()
        let watch = Watch(limitSeconds: Self.secondsMax)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            let input = executions < start.count ? start[executions] : mutator.next(from: corpus)
            executions += 1
            try? Data(input).write(to: current)
            watch.begin()
            let answer: String
            do throws(FuzzTarget.Finding) {
                switch try target.examine(input, examination) {
                case .read:
                    reads += 1
                    answer = "read"
                case .refused(let words): answer = String(words.filter { !$0.isNumber }.prefix(48))
                }
            } catch {
                return found("\(error)", executions)
            }
            watch.end()
            if let grown = memory.grown(), grown > input.count * 64 + Self.bytesMax {
                return found("\(grown >> 20) MiB for \(input.count) bytes", executions)
            }
            // Those that are read are a twentieth: enough to go on from, few enough to leave room for the others.
            let isNew = answers.insert(answer).inserted || answer == "read" && reads % 20 == 0
            if isNew, corpus.count < Self.corpusMax { corpus.append(input) }
        }
        try? FileManager.default.removeItem(at: current)
        say("\(target.rawValue): \(executions) executions, \(reads) read, \(answers.count) answers, nothing found")
        return true
    }

    private func found(_ what: String, _ execution: Int) -> Bool {
        say("\(target.rawValue): \(what); execution \(execution), input in \(current.path)")
        return false
    }

    private static let secondsMax = 10
    private static let bytesMax = 256 << 20
    private static let corpusMax = 4_096
}

/// Prints a line at once: what waits in memory is lost in a crash.
private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

/// Ends the process when an input takes too long: in the processor's time, for on a busy machine the wall's tells nothing.
private final class Watch: Sendable {
    /// The processor's time when the input on trial began; negative while there is none.
    private let start = Atomic<Int>(-1)

    init(limitSeconds: Int) {
        Thread.detachNewThread { [self] in
            while true {
                Thread.sleep(forTimeInterval: 1)
                let start = start.load(ordering: .relaxed)
                guard start >= 0, clock() - start > limitSeconds * Int(CLOCKS_PER_SEC) else { continue }
                say("an input took more than \(limitSeconds) seconds")
                exit(1)
            }
        }
    }

    func begin() { start.store(clock(), ordering: .relaxed) }

    func end() { start.store(-1, ordering: .relaxed) }
}

/// The process's peak of resident memory, where the system tells.
private struct MemoryPeak {
    private var base: Int?

    init() { base = Self.peak() }

    /// Bytes that the peak has grown by since the last small growth.
    ///
    /// After a growth that matters the peak starts anew; each time would take milliseconds.
    mutating func grown() -> Int? {
        guard let base, let peak = Self.peak() else { return nil }
        if peak - base > Self.tolerance {
            try? FileHandle(forWritingAtPath: "/proc/self/clear_refs")?.write(contentsOf: Data("5".utf8))
            self.base = Self.peak()
        }
        return peak - base
    }

    private static func peak() -> Int? {
        guard let status = FileManager.default.contents(atPath: "/proc/self/status"),
            let start = status.range(of: Data("VmHWM:".utf8))?.upperBound
        else { return nil }
        let digits = status[start...].drop { $0 == 0x20 || $0 == 0x09 }.prefix { (0x30...0x39).contains($0) }
        return Int(String(decoding: digits, as: UTF8.self)).map { $0 << 10 }
    }

    private static let tolerance = 16 << 20
}
#endif
