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
        add([4, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0], .treelite)
        add([0x1F, 0x8B, 8, 0], .gzip)
        add([0x50, 0x4B, 3, 4], .zip)
        add([0x93] + text("NUMPY\u{1}\u{0}"), .numpyArray)
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
            .xgboostJSON, .xgboostUBJSON, .lightGBMText, .catBoostBinary, .catBoostJSON,
        ]
        #expect(kind.isReadable == readable.contains(kind))
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
