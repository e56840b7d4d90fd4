/// Why a bundle cannot be loaded or written: where, what is wrong, and what to do.
public struct BundleError: Error, Equatable, CustomStringConvertible {
    /// The file or folder.
    public var path: String
    /// What is wrong.
    public var problem: String
    /// What to do about it; empty if nothing is known.
    public var remedy: String

    /// An error of these parts.
    public init(path: String, problem: String, remedy: String = "") {
        self.path = path
        self.problem = problem
        self.remedy = remedy
    }

    /// All of it on one line.
    public var description: String { remedy.isEmpty ? "\(path): \(problem)" : "\(path): \(problem); \(remedy)" }
}
