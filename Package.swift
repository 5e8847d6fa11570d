// swift-tools-version: 6.2

import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

let package = Package(
  name: "leadscore",
  platforms: [.macOS(.v13)],
  products: [
    .executable(name: "leadscore", targets: ["leadscore"]),
    .executable(name: "ScoreBench", targets: ["ScoreBench"]),
    .library(name: "LeadStore", targets: ["LeadStore"]),
    .library(name: "ScoreEngine", targets: ["ScoreEngine"]),
    .library(name: "LeadScoring", targets: ["LeadScoring"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")
  ],
  targets: [
    .systemLibrary(name: "CSystem"),
    .systemLibrary(
      name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"]), .brew(["sqlite"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(
      name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
    .target(name: "CMigrations"),
    .target(name: "CStarters"),

    .target(name: "ScoreEngine", swiftSettings: strict),
    .target(name: "RecordFormats", dependencies: ["CSystem", "CZlib"], swiftSettings: strict),
    .target(name: "LeadStore", dependencies: ["CSQLite", "CMigrations"], swiftSettings: strict),
    .target(name: "RuleFile", dependencies: ["ScoreEngine", "CYAML"], swiftSettings: strict),
    .target(
      name: "LeadScoring",
      dependencies: ["LeadStore", "ScoreEngine", "RuleFile", "RecordFormats", "CStarters", "CSystem"],
      swiftSettings: strict),
    .target(name: "TerminalOutput", swiftSettings: strict),
    .executableTarget(
      name: "leadscore",
      dependencies: [
        "LeadScoring", "LeadStore", "ScoreEngine", "RuleFile", "RecordFormats", "TerminalOutput",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "ScoreBench",
      dependencies: [
        "LeadScoring", "LeadStore", "ScoreEngine",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(name: "TestSupportTests", dependencies: ["TestSupport"], swiftSettings: strict),
    .testTarget(name: "ScoreEngineTests", dependencies: ["ScoreEngine"], swiftSettings: strict),
    .testTarget(name: "RecordFormatsTests", dependencies: ["RecordFormats", "CZlib"], swiftSettings: strict),
    .testTarget(
      name: "RuleFileTests", dependencies: ["RuleFile", "ScoreEngine"], exclude: ["Cases"], swiftSettings: strict),
    .testTarget(name: "LeadStoreTests", dependencies: ["LeadStore", "CSQLite"], swiftSettings: strict),
    .testTarget(
      name: "LeadScoringTests",
      dependencies: ["LeadScoring", "LeadStore", "ScoreEngine", "RuleFile", "RecordFormats", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "TerminalOutputTests", dependencies: ["TerminalOutput"], swiftSettings: strict),
    .testTarget(
      name: "CommandLineTests", dependencies: ["leadscore", "ScoreBench", "RecordFormats", "CSQLite"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c2x
)
