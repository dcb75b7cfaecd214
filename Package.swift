// swift-tools-version: 6.0
import PackageDescription

let package = Package(
    name: "Reprise",
    products: [.executable(name: "reprise", targets: ["reprise"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.0.0"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // System libraries: a module map and a shim each.
        .systemLibrary(name: "CNcurses"),
        .systemLibrary(name: "COpenBLAS"),
        .systemLibrary(name: "CSndFile"),
        .systemLibrary(name: "CALSA"),
        .systemLibrary(name: "CESpeak"),
        .systemLibrary(name: "CSoxr"),
        .systemLibrary(name: "CXXHash"),
        // Open MPI is opened when mpirun starts the program: neither building nor linking needs it.
        .target(name: "CMPI", linkerSettings: [.linkedLibrary("dl")]),
        .target(name: "Processes", dependencies: ["CMPI", "Tensor"]),

        // The engine.
        .target(name: "CKernels"),
        .target(name: "Tensor", dependencies: ["CKernels", "COpenBLAS"]),
        .target(name: "Neural", dependencies: ["Tensor"]),
        .target(name: "Audio", dependencies: ["Tensor", "CSndFile", "CSoxr", "CALSA"]),
        .target(name: "Text", dependencies: ["CESpeak"]),
        .target(name: "VoiceModel", dependencies: ["Neural", "Audio", "Text"]),

        // What makes interruption a non-event.
        .target(name: "Checkpoint", dependencies: ["Tensor", "CXXHash"]),
        .target(
            name: "Training",
            dependencies: [
                "VoiceModel", "Checkpoint",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),

        // What the user sees.
        .target(name: "TerminalKit", dependencies: ["CNcurses"]),
        .target(name: "Studio", dependencies: ["Training", "TerminalKit"]),
        .executableTarget(
            name: "reprise",
            dependencies: ["Studio", "Processes", .product(name: "ArgumentParser", package: "swift-argument-parser")]),

        // Tests.
        .target(
            name: "ReferenceSupport", dependencies: ["Tensor"], path: "Tests/ReferenceSupport", exclude: ["Golden"]),
        .testTarget(name: "TensorTests", dependencies: ["Tensor", "ReferenceSupport"]),
        .testTarget(name: "NeuralTests", dependencies: ["Neural", "ReferenceSupport"]),
        .testTarget(name: "AudioTests", dependencies: ["Audio", "ReferenceSupport"]),
        .testTarget(name: "TextTests", dependencies: ["Text"], exclude: ["WordPiece"]),
        .testTarget(name: "VoiceModelTests", dependencies: ["VoiceModel", "ReferenceSupport"]),
        .testTarget(name: "CheckpointTests", dependencies: ["Checkpoint"]),
        .testTarget(name: "TrainingTests", dependencies: ["Training", "ReferenceSupport"], exclude: ["Bert"]),
        .testTarget(name: "TerminalKitTests", dependencies: ["TerminalKit"]),
        .testTarget(name: "StudioTests", dependencies: ["Studio"], exclude: ["Screens"]),
        .testTarget(name: "RepriseTests", dependencies: ["reprise"]),
    ],
    swiftLanguageModes: [.v6]
)
