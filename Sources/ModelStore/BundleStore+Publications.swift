internal import ByteKit
public import Foundation

extension BundleStore {
    /// A model's versions, newest first, as their folders' names tell; none if the model is not there.
    /// - Throws: ``BundleError`` when the folder cannot be read.
    public func versionNames(ofModel name: String) throws -> [String] {
        guard isPlainName(name) else { return [] }
        return try versions(ofModel: name).map(\.text)
    }

    /// The aliases of a model; none where there is no `aliases.json`.
    ///
    /// Reads one small file, so that it can be asked every second.
    /// - Throws: ``BundleError`` when the file is damaged or cannot be read.
    public func aliases(ofModel name: String) throws(BundleError) -> ModelAliases {
        let path = join(path, name, ModelAliases.fileName)
        let tail: (bytes: [UInt8], offset: Int)?
        do throws(FileError) {
            tail = try DurableFile.tail(of: path, atMost: ModelAliases.bytesMax + 1)
        } catch {
            throw BundleError(path: path, problem: "cannot be read: \(error)", remedy: "make it readable for this user")
        }
        guard let tail else { return ModelAliases() }
        return try ModelAliases(parsing: tail.bytes, path: path)
    }

    /// The latest publications of a model, the latest first.
    ///
    /// - Parameters:
    ///   - name: the model's name.
    ///   - count: no more than this; fewer if they do not lie in the log's last 64 KiB.
    /// - Returns: the records.
    /// - Throws: ``BundleError`` when the log is damaged or cannot be read.
    public func publications(ofModel name: String, last count: Int) throws(BundleError) -> [PublicationRecord] {
        guard isPlainName(name) else { return [] }
        return try PublicationLog(path: join(path, name, PublicationLog.fileName), tailBytesMax: 64 << 10)
            .records.suffix(count).reversed()
    }

    /// Gives an alias a version; to be called when that version was loaded and has passed.
    ///
    /// - Parameters:
    ///   - version: one of the model's.
    ///   - alias: the alias; for `production` this is a publication.
    ///   - name: the model's name.
    ///   - who: whoever has it done.
    ///   - reason: why; at most ``PublicationRecord/reasonBytesMax`` bytes.
    ///   - served: the version that is served where there is no alias yet, if it is known: noted as the one before.
    ///   - time: now.
    /// - Returns: what has changed.
    /// - Throws: ``PublicationRefused``, or ``BundleError`` if the store is damaged or cannot be written; nothing is changed then.
    public func publish(
        _ version: String,
        as alias: String = ModelAliases.production,
        ofModel name: String,
        by who: String,
        reason: String? = nil,
        served: String? = nil,
        at time: Date = Date()
    ) throws -> PublicationChange {
        try change(name, alias, reason) { aliases, _ in
            let before = aliases[alias] ?? (served == version ? nil : served)
            guard aliases[alias] != version else { return nil }
            let action: PublicationRecord.Action = alias == ModelAliases.production ? .publish : .alias
            return PublicationRecord(
                action,
                alias,
                version: version,
                previous: before,
                by: who,
                reason: reason,
                at: time
            )
        }
    }

    /// The version that an alias has, and the one that a roll-back would give it.
    /// - Throws: ``PublicationRefused`` if there is no such alias or nothing before, or ``BundleError``.
    public func rollBackTarget(
        _ alias: String,
        ofModel name: String
    ) throws -> (current: String, target: String) {
        try checkName(name)
        let log = try PublicationLog(path: join(path, name, PublicationLog.fileName))
        return try target(alias, name, try aliases(ofModel: name), log)
    }

    /// Gives an alias the version that it had before; to be called when that version was loaded and has passed.
    ///
    /// - Parameters:
    ///   - alias: the alias.
    ///   - name: the model's name.
    ///   - expected: what ``rollBackTarget(_:ofModel:)`` said.
    ///   - who: whoever has it done.
    ///   - reason: why.
    ///   - time: now.
    /// - Returns: what has changed.
    /// - Throws: ``PublicationRefused``, also if somebody has changed the alias meanwhile, or ``BundleError``; nothing is
    ///   changed then.
    public func rollBack(
        _ alias: String = ModelAliases.production,
        ofModel name: String,
        expecting expected: (current: String, target: String),
        by who: String,
        reason: String? = nil,
        at time: Date = Date()
    ) throws -> PublicationChange {
        try change(name, alias, reason) { aliases, log in
            guard try target(alias, name, aliases, log) == expected else {
                throw PublicationRefused(
                    .changedMeanwhile,
                    path: join(path, name, ModelAliases.fileName),
                    "somebody has changed \"\(alias)\" meanwhile",
                    remedy: "look at what it names now, and try again"
                )
            }
            return PublicationRecord(
                .rollBack,
                alias,
                version: expected.target,
                previous: expected.current,
                by: who,
                reason: reason,
                at: time
            )
        }
    }

    /// Takes an alias away.
    ///
    /// - Parameters:
    ///   - alias: the alias; without `production` the newest version that loads is served.
    ///   - name: the model's name.
    ///   - who: whoever has it done.
    ///   - reason: why.
    ///   - time: now.
    /// - Returns: what has changed.
    /// - Throws: ``PublicationRefused``, also if there is no such alias, or ``BundleError``; nothing is changed then.
    public func unalias(
        _ alias: String,
        ofModel name: String,
        by who: String,
        reason: String? = nil,
        at time: Date = Date()
    ) throws -> PublicationChange {
        try change(name, alias, reason) { aliases, _ in
            guard let before = aliases[alias] else { throw noAlias(alias, name, aliases) }
            return PublicationRecord(.unalias, alias, version: nil, previous: before, by: who, reason: reason, at: time)
        }
    }

    // MARK: How

    /// Changes one alias under the model's lock: the record first, then the aliases.
    ///
    /// In this order whatever is served was noted before. A crash between the two leaves a record of what did not come to be, and
    /// it shows: the alias does not name its version. The other way round a version would be served that nobody is on record
    /// for, and a roll-back would not know what was before it.
    private func change(
        _ name: String,
        _ alias: String,
        _ reason: String?,
        _ decide: (ModelAliases, PublicationLog) throws -> PublicationRecord?
    ) throws -> PublicationChange {
        try checkName(name)
        let folder = join(path, name)
        guard ModelAliases.canBe(alias) else {
            throw PublicationRefused(
                .invalid,
                path: folder,
                "\"\(alias)\" cannot be an alias",
                remedy: "use 1 to 100 letters, digits, '.', '_' and '-', the first no '.'"
            )
        }
        guard (reason?.utf8.count ?? 0) <= PublicationRecord.reasonBytesMax else {
            throw PublicationRefused(
                .invalid,
                path: folder,
                "a reason of more than \(PublicationRecord.reasonBytesMax) bytes",
                remedy: "say it shorter"
            )
        }
        let lock = try takeLock(folder)
        var aliases = try aliases(ofModel: name)
        let log = try PublicationLog(path: join(folder, PublicationLog.fileName))
        guard let record = try decide(aliases, log) else {
            lock.release()
            return PublicationChange(aliases: aliases, record: nil)
        }
        if let version = record.version { try checkVersion(version, name) }
        aliases[alias] = record.version
        guard aliases.versions.count <= ModelAliases.countMax else {
            throw PublicationRefused(
                .invalid,
                path: folder,
                "more than \(ModelAliases.countMax) aliases",
                remedy: "take some away"
            )
        }
        do {
            try log.append(record)
            try DurableFile.replace(join(folder, ModelAliases.fileName), with: aliases.encoded())
        } catch {
            throw BundleError(
                path: folder,
                problem: "the aliases cannot be written: \(error)",
                remedy: "make room on the disk, or make the folder writable; what they name is as it was"
            )
        }
        lock.release()
        return PublicationChange(aliases: aliases, record: record)
    }

    private func takeLock(_ folder: String) throws(BundleError) -> FileLock {
        let path = join(folder, ".lock")
        do throws(FileError) {
            return try FileLock(path, waitAtMost: 10_000)
        } catch {
            throw BundleError(
                path: path,
                problem: error.isTaken ? "somebody else has been changing aliases for ten seconds" : "\(error)",
                remedy: error.isTaken ? "try again" : "make the model's folder writable for this user"
            )
        }
    }

    private func target(
        _ alias: String,
        _ name: String,
        _ aliases: ModelAliases,
        _ log: PublicationLog
    ) throws -> (current: String, target: String) {
        guard let current = aliases[alias] else { throw noAlias(alias, name, aliases) }
        guard let target = log.version(before: current, of: alias) else {
            throw PublicationRefused(
                .nothingBefore,
                path: log.path,
                "nothing tells what \"\(alias)\" named before \(current)",
                remedy: "publish a version by its name"
            )
        }
        return (current, target)
    }

    private func noAlias(_ alias: String, _ name: String, _ aliases: ModelAliases) -> PublicationRefused {
        let known = aliases.names.joined(separator: ", ")
        return PublicationRefused(
            .unknownAlias,
            path: join(path, name),
            "there is no alias \"\(alias)\"",
            remedy: known.isEmpty ? "publish a version, which makes one" : "there are: \(known)"
        )
    }

    private func checkName(_ name: String) throws {
        guard isPlainName(name), isFolder(join(path, name)) else {
            throw PublicationRefused(
                .unknownModel,
                path: path,
                "there is no model \"\(name)\"",
                remedy: "see which there are: leadline models list --models \(path)"
            )
        }
    }

    private func checkVersion(_ version: String, _ name: String) throws {
        let known = try versions(ofModel: name).map(\.text)
        guard known.contains(version) else {
            throw PublicationRefused(
                .unknownVersion,
                path: join(path, name),
                "there is no version \"\(version)\"",
                remedy: known.isEmpty ? "make one" : "there are: " + known.prefix(5).joined(separator: ", ")
            )
        }
    }
}
