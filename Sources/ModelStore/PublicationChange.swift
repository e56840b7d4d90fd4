/// What a change of an alias came to.
public struct PublicationChange: Sendable {
    /// The aliases as they are now.
    public var aliases: ModelAliases
    /// What was noted; nil if the alias was as it should be, and nothing was written.
    public var record: PublicationRecord?
}

/// A change that cannot be, though the store is as it should be.
public struct PublicationRefused: Error, CustomStringConvertible {
    /// What stands in the way.
    public enum Kind: Sendable {
        /// There is no such model.
        case unknownModel
        /// The model has no such version.
        case unknownVersion
        /// The model has no such alias.
        case unknownAlias
        /// The log does not tell what the alias named before.
        case nothingBefore
        /// Somebody else has changed the alias.
        case changedMeanwhile
        /// A name or a reason that cannot be one, or too many aliases.
        case invalid
    }

    /// What stands in the way.
    public let kind: Kind
    /// Where, in words, and what to do.
    public let error: BundleError

    init(_ kind: Kind, path: String, _ problem: String, remedy: String) {
        self.kind = kind
        error = BundleError(path: path, problem: problem, remedy: remedy)
    }

    /// All of it on one line.
    public var description: String { error.description }
}
