/// Why a model file cannot be used: what is wrong, where, and what to do about it.
public struct ModelFileError: Error, Equatable, CustomStringConvertible {
    /// Where in the file the trouble is.
    public enum Position: Equatable, Sendable {
        /// The file as a whole.
        case file
        /// The byte at this offset, counted from 0.
        case byte(Int)
        /// The line of this number, counted from 1.
        case line(Int)
    }

    /// The file's name as the caller gave it; empty if it gave none.
    public var name: String
    /// What the file was recognised as.
    public var kind: ModelFileKind
    /// Where the trouble is.
    public var position: Position
    /// What is wrong.
    public var problem: String
    /// What to do about it.
    public var remedy: String

    /// An error of these parts.
    public init(
        name: String = "",
        kind: ModelFileKind,
        position: Position,
        problem: String,
        remedy: String
    ) {
        self.name = name
        self.kind = kind
        self.position = position
        self.problem = problem
        self.remedy = remedy
    }

    /// An error for a file that is damaged, not merely unsupported.
    static func damaged(_ kind: ModelFileKind, _ position: Position, _ problem: String) -> ModelFileError {
        ModelFileError(
            kind: kind,
            position: position,
            problem: problem,
            remedy: "the file is damaged or cut off; save or copy the model again"
        )
    }

    /// All of it on one line: `model.json (XGBoost JSON), byte 17: … ; …`.
    public var description: String {
        var text = name.isEmpty ? kind.label : "\(name) (\(kind.label))"
        switch position {
        case .file: break
        case .byte(let offset): text += ", byte \(offset)"
        case .line(let number): text += ", line \(number)"
        }
        return text + ": " + problem + "; " + remedy
    }
}
