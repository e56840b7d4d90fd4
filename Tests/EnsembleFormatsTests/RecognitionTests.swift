import EnsembleFormats
import Testing

@Suite("Recognition of model files")
struct RecognitionTests {
    private static let files: [(String, [UInt8], ModelFileKind)] = {
        func text(_ text: String) -> [UInt8] { Array(text.utf8) }
        var oldBinary = [UInt8](repeating: 0, count: 136)
        oldBinary += [15, 0, 0, 0, 0, 0, 0, 0]
        oldBinary += text("binary:logistic")
        var files: [(String, [UInt8], ModelFileKind)] = []
        func add(_ bytes: [UInt8], _ kind: ModelFileKind) {
            files.append(("\(files.count): \(kind.label)", bytes, kind))
        }
        add(XGBoostFixture().document.json, .xgboostJSON)
        add(XGBoostFixture(isReversed: true).document.json, .xgboostJSON)
        add(text("\u{FEFF} {\n \"learner\": "), .xgboostJSON)
        add(XGBoostFixture().document.ubjson, .xgboostUBJSON)
        add(LightGBMFixture().bytes, .lightGBMText)
        add(LightGBMFixture(lineEnd: "\r\n").bytes, .lightGBMText)
        add(oldBinary, .xgboostBinary)
        add(text("binf") + oldBinary, .xgboostBinary)
        add(text("[\n  { \"nodeid\": 0, \"depth\": 0,"), .xgboostDumpJSON)
        add(text("booster[0]:\n0:[f1<2] yes=1"), .xgboostDumpText)
        add(text("{\"name\":\"tree\",\"version\":\"v3\",\"tree_info\":[]}"), .lightGBMDumpJSON)
        add(text("{\"features_info\":{},\"oblivious_trees\":[]}"), .catBoostJSON)
        add(text("{\"model_info\":{},\"trees\":[]}"), .catBoostJSON)
        add([0x08, 0x03, 0x12, 0x07] + text("skl2onnx"), .onnx)
        add(text("CBM1\u{20}"), .catBoostBinary)
        add([0x80, 0x04, 0x95, 0], .pickle)
        add(text("<?xml version=\"1.0\"?>\n<PMML version=\"4.4\">"), .pmml)
        add([4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0], .treelite)
        add([0x1F, 0x8B, 8, 0], .gzip)
        add([0x50, 0x4B, 3, 4], .zip)
        add([0x93] + text("NUMPY\u{1}\u{0}"), .numpyArray)
        for start: [UInt8] in [
            [0x78, 0x01], [0x78, 0x5E], [0x78, 0x9C], [0x78, 0xDA], [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0],
            [0x5D, 0, 0, 0x40, 0], [0x42, 0x5A, 0x68, 0x33], [0x28, 0xB5, 0x2F, 0xFD], [0x04, 0x22, 0x4D, 0x18],
        ] { add(start + [0x31, 0x41, 0x59], .compressed) }
        for start in ["ccopy_reg\n_reconstructor", "(dp0\n", "(lp0\n", "}q\u{0}(X", "ZF0x1a"] {
            add(text(start), .pickle)
        }
        for major: UInt8 in [2, 3, 4] {
            add([major, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 3, 1, 0, 0, 0], .treelite)
        }
        add([4, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 9, 9, 1, 0, 0, 0], .unknown)
        add(text("<p:PMML xmlns:p=\"http://www.dmg.org/PMML-4_4\">"), .pmml)
        add(text("digraph {\n    graph [ rankdir=TB ]"), .xgboostDumpText)
        for (name, kind): (String, ModelFileKind) in [
            ("schema.json", .skops), ("model.ini", .h2oMOJO), ("archive/data.pkl", .torch), ("arr_0.npy", .zip),
            ("metadata.json config.json", .keras),
        ] { add([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 26) + text(name), kind) }
        add([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0], .hdf5)
        add([0x08, 0x01, 0x12, 0x90, 0x01, 0x0A] + text("..AssignVariableOp..NoOp.."), .tensorFlow)
        add(text("BS") + [0, 0, 0, 0, 0, 0, 0x4D, 0, 0, 0], .yggdrasil)
        add([0x0A, 0x16] + text("GRADIENT_BOOSTED_TREES"), .yggdrasil)
        add([0x08, 0x01, 0x10, 0x44, 0x3A, 0x0D] + text("BLOB_SEQUENCE"), .yggdrasil)
        add([13, 0, 0, 0, 0, 0, 0, 0] + text("{\"a\":{\"b\":1}}"), .safetensors)
        for start in ["RDX3\n", "RDA2\n", "X\n\u{0}\u{0}\u{0}\u{3}", "A\n3\n"] { add(text(start), .rObject) }
        add([], .empty)
        add(text("hello"), .unknown)
        add(text("{\"a\": 1}"), .unknown)
        add(text("  \n"), .unknown)
        add([0x7B], .unknown)
        return files
    }()

    @Test("a file is known by its content", arguments: files)
    func kinds(name: String, bytes: [UInt8], kind: ModelFileKind) {
        #expect(ModelFile.recognise(bytes) == kind, "\(name)")
    }

    @Test("every kind that is not read says what to do instead", arguments: ModelFileKind.allCases)
    func remedies(kind: ModelFileKind) {
        #expect(!kind.label.isEmpty)
        let readable: [ModelFileKind] = [
            .xgboostJSON, .xgboostUBJSON, .lightGBMText, .catBoostBinary, .catBoostJSON, .onnx,
        ]
        #expect(kind.isReadable == readable.contains(kind))
    }

    @Test("what the shared folder holds is known, part by part, where it cannot be read")
    func sharedFolders() throws {
        let folder = "ydf/adult_binary_class_gbdt/model/"
        guard SharedModels.folder != nil else { return print("SKIPPED: no shared models to recognise") }
        for part in ["nodes-00000-of-00001", "header.pb", "gradient_boosted_trees_header.pb"] {
            #expect(try ModelFile.recognise(SharedModels.bytes(folder + part)) == .yggdrasil, "\(part)")
        }
        for item in SharedModels.cases where item.format == "xgboost-binary" {
            #expect(try ModelFile.recognise(SharedModels.bytes(item.model ?? "")) == .xgboostBinary, "\(item.id)")
        }
    }

    @Test("a refusal names the file, the kind, the trouble and the remedy")
    func wording() {
        let error = #expect(throws: ModelFileError.self) { try ModelFile.read([0x80, 4, 0x95], name: "model.pkl") }
        #expect(error?.description.hasPrefix("model.pkl (Python pickle or joblib): cannot be read; a pickle") == true)
        let damaged = #expect(throws: ModelFileError.self) {
            try ModelFile.read(Array("{\"learner\": {\"x\": 1 2}}".utf8), name: "m.json")
        }
        #expect(damaged?.position == .byte(20), "\(String(describing: damaged))")
    }
}
