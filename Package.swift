// swift-tools-version: 6.2
import PackageDescription

/// Every module: Swift 6 mode, unsafe code marked, any warning an error.
let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// `ByteKit` hands out views tied to the lifetime of the bytes they look at.
let lifetimes: [SwiftSetting] = house + [.enableExperimentalFeature("Lifetimes")]

/// Instructions that one module may use as it likes: it runs only where the processor has them. It is optimised in
/// debug builds too, since unoptimised it takes a thousand times as long. Loads one by one are faster than the gathers that
/// the compiler would make of them.
#if arch(x86_64)
let noGather = ["-Xcc", "-mno-gather", "-Xcc", "-mno-scatter"]
let avx512: [SwiftSetting] = [
    .unsafeFlags(
        ["f", "bw", "dq", "vl", "vbmi"].flatMap { ["-Xcc", "-mavx512" + $0] } + noGather + ["-O"]
    )
]
let avx2: [SwiftSetting] = [
    .unsafeFlags(["-Xcc", "-mavx2"] + noGather + ["-O"])
]
#else
let avx512: [SwiftSetting] = []
let avx2: [SwiftSetting] = []
#endif

/// Narrower registers than the widest, for as few rows as their bits.
func narrow(_ bytes: Int) -> [SwiftSetting] { [.unsafeFlags(["-Xcc", "-DLEADLINE_LANE_BYTES=\(bytes)"])] }

/// The kernels' 64-byte form, which is AVX-512's, on whatever registers the processor has.
///
/// The compiler warns that functions would pass such values otherwise than AVX-512 does; all are inlined.
let wideLanes: [SwiftSetting] = [
    .define("LEADLINE_WIDE_LANES"), .unsafeFlags(["-Xcc", "-DLEADLINE_WIDE_LANES", "-Xcc", "-Wno-psabi"]),
]

/// A module of the house; it may import only from the floors below its own.
func room(
    _ name: String,
    _ dependencies: [Target.Dependency] = [],
    settings: [SwiftSetting] = house
) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.init(stringLiteral: name)] + dependencies,
        exclude: exclude,
        swiftSettings: house
    )
}

let log = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "leadline",
    products: [
        .executable(name: "leadline", targets: ["leadline"]),
        .library(name: "LeadClient", targets: ["LeadClient"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    ],
    targets: [
        // Floor 0: doors to C.
        .systemLibrary(name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CXGBoost", pkgConfig: "xgboost", providers: [.apt(["libxgboost-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .target(name: "CShims"),
        .target(name: "CLanes"),

        // Floor 1: ground.
        room("ByteKit", ["CShims", "COpenSSL"], settings: lifetimes),
        room("LeadTypes", ["ByteKit"]),
        room("TreeEnsemble"),
        room("SnapshotExchange"),
        room("Telemetry"),

        // Floor 2: crafts.
        room("LeadWire", ["ByteKit", "LeadTypes"]),
        room("LeadTable", ["ByteKit", "LeadTypes", "TreeEnsemble", "CZlib"]),
        room("Reactor", ["ByteKit", "CShims"]),
        room("TLSTransport", ["ByteKit", "COpenSSL"], settings: lifetimes),
        room("HTTP2Transport", ["ByteKit", "CNghttp2"], settings: lifetimes),
        room("EnsembleKernelsAVX2", ["CShims", "CLanes"], settings: house + avx2),
        room("EnsembleKernelsAVX512", ["CShims", "CLanes"], settings: house + avx512),
        room("EnsembleKernelsAVX512By256", ["CShims", "CLanes"], settings: house + avx512 + narrow(32)),
        room("EnsembleKernelsAVX512By128", ["CShims", "CLanes"], settings: house + avx512 + narrow(16)),
        room(
            "EnsembleKernels",
            [
                "CShims", "CLanes", "TreeEnsemble", "EnsembleKernelsAVX2", "EnsembleKernelsAVX512",
                "EnsembleKernelsAVX512By256", "EnsembleKernelsAVX512By128",
            ]
        ),
        room("EnsembleFormats", ["ByteKit", "TreeEnsemble"]),

        // Floor 3: domain.
        room("LeadScoring", ["ByteKit", "LeadTypes", "LeadWire", "TreeEnsemble", "EnsembleKernels"]),
        // Floor 4: keeping, and learning (which prepares features by the code that serves them).
        room(
            "ModelStore",
            ["ByteKit", "LeadTypes", "TreeEnsemble", "EnsembleFormats", "EnsembleKernels", "LeadScoring"]
        ),
        room(
            "ModelTraining",
            [
                "CXGBoost", "ByteKit", "LeadTypes", "LeadTable", "LeadWire", "TreeEnsemble", "EnsembleFormats",
                "LeadScoring",
            ]
        ),

        // Floor 5: houses.
        room(
            "LeadServer",
            [
                "ByteKit", "LeadTypes", "SnapshotExchange", "Telemetry", "LeadWire", "Reactor", "TLSTransport",
                "HTTP2Transport", "EnsembleKernels", "LeadScoring", "ModelStore", log,
            ]
        ),
        room("LeadClient", ["ByteKit", "LeadTypes", "LeadWire", "Reactor", "TLSTransport", "HTTP2Transport"]),

        // Floor 6: measuring from outside.
        room(
            "LoadGenerator",
            [
                "ByteKit", "LeadTypes", "LeadWire", "Reactor", "TLSTransport", "HTTP2Transport",
                "LeadClient",
            ]
        ),

        // Floor 7: front door.
        .executableTarget(
            name: "leadline",
            dependencies: [
                "ByteKit", "LeadTypes", "TreeEnsemble", "Telemetry", "LeadWire", "LeadTable", "TLSTransport",
                "HTTP2Transport", "EnsembleKernels", "EnsembleFormats", "LeadScoring", "ModelStore", "ModelTraining",
                "LeadServer", "LeadClient", "LoadGenerator", arguments, log,
            ],
            swiftSettings: house
        ),

        // Proof by stress, for the thread sanitizer: readers against a publisher that never rests.
        .executableTarget(name: "snapshot-stress", dependencies: ["SnapshotExchange"], swiftSettings: house),

        // Parsers and any bytes at all: what to try, and a program that tries for as long as it is given.
        room(
            "FuzzTargets",
            [
                "ByteKit", "LeadTypes", "LeadWire", "TLSTransport", "HTTP2Transport", "TreeEnsemble", "EnsembleFormats",
                "EnsembleKernels", "LeadServer",
            ]
        ),
        .executableTarget(name: "leadline-fuzz", dependencies: ["FuzzTargets"], swiftSettings: house),

        tests(
            "LeadServer",
            [
                "ByteKit", "LeadTypes", "LeadWire", "Reactor", "TLSTransport", "HTTP2Transport", "TreeEnsemble",
                "LeadScoring", "ModelStore", "COpenSSL", log,
            ]
        ),
        tests("SnapshotExchange", []),
        tests("Telemetry", []),
        tests("ByteKit", []),
        tests("LeadWire", ["ByteKit", "LeadTypes"]),
        tests(
            "LeadClient",
            ["ByteKit", "LeadTypes", "LeadWire", "Reactor", "TLSTransport", "HTTP2Transport"]
        ),
        // Its scripted server is a link to the client tests' own.
        tests(
            "LoadGenerator",
            [
                "ByteKit", "LeadTypes", "LeadWire", "Reactor", "TLSTransport", "HTTP2Transport",
            ]
        ),
        // The command as its users run it: the tests start the binary that is built beside them.
        .testTarget(
            name: "CommandTests",
            dependencies: ["leadline", "ByteKit", "EnsembleFormats", "LeadClient", "LeadWire", "TLSTransport"],
            exclude: ["Recorded"],
            swiftSettings: house
        ),
        tests("TreeEnsemble", []),
        tests("LeadTable", ["LeadTypes"]),
        tests(
            "ModelTraining",
            ["ByteKit", "LeadTable", "LeadTypes", "LeadScoring", "TreeEnsemble", "EnsembleFormats"]
        ),
        tests("Reactor", ["ByteKit"]),
        tests("HTTP2Transport", ["ByteKit", "Reactor", "TLSTransport"]),
        tests("LeadScoring", ["ByteKit", "LeadTypes", "LeadWire", "TreeEnsemble", "EnsembleKernels"]),
        tests("ModelStore", ["ByteKit", "LeadTypes", "LeadScoring", "EnsembleKernels", "TreeEnsemble"]),
        tests("EnsembleFormats", ["TreeEnsemble", "EnsembleKernels", "FuzzTargets"], exclude: ["CatBoost", "ONNX"]),
        tests("EnsembleKernels", ["TreeEnsemble"]),
        tests("FuzzTargets", ["ByteKit", "LeadTypes", "LeadWire", "TLSTransport", "HTTP2Transport"]),
        // Links to the kernels' own sources and their parity tests, compiled once more in another form.
        .testTarget(
            name: "WideLanesTests",
            dependencies: [
                "CShims", "CLanes", "TreeEnsemble", "EnsembleKernelsAVX2", "EnsembleKernelsAVX512",
                "EnsembleKernelsAVX512By256", "EnsembleKernelsAVX512By128",
            ],
            swiftSettings: house + wideLanes
        ),
        tests("TLSTransport", ["ByteKit", "COpenSSL"]),
    ]
)
