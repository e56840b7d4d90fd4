internal import Foundation

/// The machine that a load test ran on.
public struct LoadEnvironment: Codable, Sendable, Equatable {
    /// The processor, as it names itself.
    public var processor: String
    /// Processors that are there.
    public var processors: Int
    /// Processors that this process may use.
    public var processorsAllowed: Int
    /// The kernel's version.
    public var kernel: String
    /// The version of this program.
    public var version: String

    /// What is said here.
    ///
    /// - Parameter version: Of this program.
    /// - Returns: The machine.
    public static func here(version: String) -> LoadEnvironment {
        func lines(_ path: String) -> [Substring] {
            (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
        }
        func value(_ path: String, _ names: [String]) -> String? {
            for line in lines(path) {
                let sides = line.split(separator: ":", maxSplits: 1)
                guard sides.count == 2, names.contains(sides[0].trimmingCharacters(in: .whitespaces)) else { continue }
                return sides[1].trimmingCharacters(in: .whitespaces)
            }
            return nil
        }
        let info = ProcessInfo.processInfo
        return LoadEnvironment(
            processor: value("/proc/cpuinfo", ["model name", "CPU part"]) ?? "not known",
            processors: info.processorCount,
            processorsAllowed: value("/proc/self/status", ["Cpus_allowed_list"]).map(count)
                ?? info.activeProcessorCount,
            kernel: lines("/proc/sys/kernel/osrelease").first.map(String.init) ?? "not known",
            version: version
        )
    }

    /// How many numbers a list such as `0-3,8` has.
    private static func count(_ list: String) -> Int {
        list.split(separator: ",").reduce(0) { sum, range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            return sum + (ends.count == 2 ? ends[1] - ends[0] + 1 : 1)
        }
    }
}
