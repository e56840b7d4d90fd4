internal import ByteKit
internal import EnsembleFormats
internal import EnsembleKernels
internal import Foundation
internal import LeadScoring
internal import TreeEnsemble

extension BundleStore {
    /// Writes a new version of a model: whole or not at all, and on the disk when this returns.
    ///
    /// The golden rows' margins are those of the reference evaluator; a kernel that disagrees with it is refused here
    /// already. If the newest version is the same and undamaged, it is returned and nothing is written.
    /// - Parameters:
    ///   - draft: what the bundle is made of.
    ///   - name: the model's name.
    /// - Returns: the bundle, loaded again from the disk.
    /// - Throws: ``BundleError``, what reading the model file throws, or `InvalidRecipe`.
    public func write(_ draft: BundleDraft, name: String) throws -> LoadedBundle {
        guard isPlainName(name) else {
            throw BundleError(
                path: path,
                problem: "\"\(name)\" cannot name a model",
                remedy: "use 1 to 100 letters, digits, '.', '_' and '-', the first no '.'"
            )
        }
        let files = try files(of: draft, name: name)
        let manifest = BundleManifest(
            source: draft.source,
            files: files.map {
                .init(
                    name: $0.name,
                    role: $0.role,
                    bytes: $0.bytes.count,
                    sha256: SHA256Digest.hexadecimal(of: $0.bytes)
                )
            },
            recipe: draft.recipe,
            figures: draft.figures
        )
        let manifestBytes = try manifest.encoded()
        let digest = String(SHA256Digest.hexadecimal(of: manifestBytes).prefix(8))
        if let newest = try versions(ofModel: name).first, newest.digest == digest,
            let same = try? load(name: name, version: newest.text, isThorough: true)
        {
            return same
        }
        let contents = files.map { ($0.name, $0.bytes) } + [(manifestName, manifestBytes)]
        let version = try publish(contents, digest: digest, name: name)
        return try load(name: name, version: version, isThorough: true)
    }

    /// The files of a bundle but the manifest, by name.
    private func files(
        of draft: BundleDraft,
        name: String
    ) throws -> [(name: String, role: String, bytes: [UInt8])] {
        let ensemble = try ModelFile.read(draft.modelBytes)
        let model = try LeadModel(name: name, version: "draft", recipe: draft.recipe, ensemble: ensemble)
        let golden = try goldenRows(of: draft, model, ensemble)
        let extensions: [ModelFileKind: String] = [
            .xgboostUBJSON: "ubj", .xgboostJSON: "json", .lightGBMText: "txt", .onnx: "onnx",
            .catBoostBinary: "cbm", .catBoostJSON: "json",
        ]
        let suffix = extensions[ModelFile.recognise(draft.modelBytes)] ?? "bin"
        var files = [
            (name: "golden.bin", role: "golden", bytes: golden.encoded()),
            (name: "model.\(suffix)", role: "model", bytes: draft.modelBytes),
        ]
        if let report = draft.report { files.append((name: "report.json", role: "report", bytes: report)) }
        // Kernels of the other kind are for processors of long ago, which read the model file.
        let kind = PlanKind.registers
        let digest = SHA256Digest.of(draft.modelBytes)
        if let plan = try StoredPlan.bytes(of: ensemble, for: kind, modelDigest: digest) {
            files.append((name: "plan-\(kind).bin", role: BundleManifest.planRole, bytes: plan))
        }
        return files
    }

    private func goldenRows(of draft: BundleDraft, _ model: LeadModel, _ ensemble: Ensemble) throws -> GoldenRows {
        let asOf = draft.goldenAsOfDays
        guard asOf.isFinite else { throw BundleError(path: path, problem: "the golden rows' day is \(asOf)") }
        let columns =
            draft.goldenColumns ?? GoldenRows.drawColumns(for: draft.recipe, ensemble, asOfDays: asOf)
        let expected = try model.score(columns: columns, asOfDays: asOf)
        guard expected.rows <= GoldenRows.rowsMax else {
            throw BundleError(path: path, problem: "\(expected.rows) golden rows; at most \(GoldenRows.rowsMax)")
        }
        let evaluator = try ReferenceEvaluator(ensemble)
        for row in 0..<expected.rows where expected.statuses[row] == 0 {
            let features = try draft.recipe.featureColumns(from: columns.map { [$0[row]] }, asOfDays: asOf)
            let margin = evaluator.margins(of: features.map { $0[0] })[draft.recipe.outputIndex]
            guard margin.bitPattern == expected.margins[row].bitPattern else {
                throw BundleError(
                    path: path,
                    problem: "golden row \(row): the kernel \(model.kernel.kernel.rawValue) gives the margin "
                        + "\(expected.margins[row]), the reference evaluator \(margin)",
                    remedy: "this is a fault of the program; report it with the model file"
                )
            }
        }
        return GoldenRows(columns: columns, asOfDays: asOf, expected: expected)
    }

    /// Puts files into a temporary folder, on the disk, and gives it a version's name; returns that.
    private func publish(_ files: [(String, [UInt8])], digest: String, name: String) throws -> String {
        let manager = FileManager.default
        let folder = join(path, name)
        do {
            try manager.createDirectory(atPath: folder, withIntermediateDirectories: true)
            removeForgotten(in: folder)
            let random = String(UInt64.random(in: .min ... .max), radix: 16)
            let temporary = join(folder, ".tmp-\(ProcessInfo.processInfo.processIdentifier)-\(random)")
            defer { try? manager.removeItem(atPath: temporary) }
            try manager.createDirectory(atPath: temporary, withIntermediateDirectories: false)
            for (file, bytes) in files { try writeToDisk(bytes, join(temporary, file)) }
            try flushFolder(temporary)
            while true {
                let number = (try versions(ofModel: name).first?.number ?? 0) + 1
                let version = VersionName(number: number, digest: digest).text
                let target = join(folder, version)
                do {
                    try manager.moveItem(atPath: temporary, toPath: target)
                } catch  where manager.fileExists(atPath: target) {
                    // Another writer was faster with the same content: look again for a free number, or take its bundle.
                    if (try? load(name: name, version: version)) != nil { return version }
                    continue
                }
                try flushFolder(folder)
                try flushFolder(path)
                return version
            }
        } catch let error as BundleError {
            throw error
        } catch {
            throw BundleError(
                path: folder,
                problem: "the bundle cannot be written: \(error.localizedDescription)",
                remedy: "make room on the disk, or make the folder writable; the versions there are as they were"
            )
        }
    }

    /// Removes temporary folders that no writer can still be at.
    private func removeForgotten(in folder: String) {
        let manager = FileManager.default
        for entry in (try? manager.contentsOfDirectory(atPath: folder)) ?? [] where entry.hasPrefix(".tmp-") {
            let path = join(folder, entry)
            guard let changed = try? manager.attributesOfItem(atPath: path)[.modificationDate] as? Date,
                changed.timeIntervalSinceNow < -86_400
            else { continue }
            try? manager.removeItem(atPath: path)
        }
    }
}

/// Writes a new file and waits until it is on the disk.
private func writeToDisk(_ bytes: [UInt8], _ path: String) throws {
    try Data().write(to: URL(fileURLWithPath: path), options: .withoutOverwriting)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    try handle.write(contentsOf: Data(bytes))
    try handle.synchronize()
}

/// Waits until a folder's entries are on the disk.
private func flushFolder(_ path: String) throws {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    try handle.synchronize()
}
