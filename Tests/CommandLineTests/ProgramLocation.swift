import Foundation

/// Where things are that the tests work on.
enum Location {
  /// The program under test.
  static let leadscore = program("leadscore")

  /// The maker of samples.
  static let scoreBench = program("ScoreBench")

  /// The root of the checkout.
  static let checkout: String = {
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url.path
  }()

  /// The files under `examples/`.
  static func example(_ path: String) -> String { "\(checkout)/examples/\(path)" }

  /// The folder of data of real companies, which stands beside a checkout and is no part of it.
  static let sharedData: String? = {
    let named = ProcessInfo.processInfo.environment["LEADSCORE_SHARED_DATA"]
    let path = named ?? URL(fileURLWithPath: checkout).deletingLastPathComponent().path + "/shared/data"
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue ? path : nil
  }()

  /// Whether the shared data has this file.
  static func hasData(_ path: String) -> Bool {
    sharedData.map { FileManager.default.fileExists(atPath: "\($0)/\(path)") } ?? false
  }

  /// The full path of a tool on `PATH`.
  static func tool(_ name: String) -> String? {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
    return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Executables stand in the folder of the test bundle, wherever `--scratch-path` put that.
  private static func program(_ name: String) -> String {
    let starts = ["/proc/self/exe"] + CommandLine.arguments + ["\(checkout)/.build/debug/any"]
    for start in starts where start.contains("/") {
      var folder = URL(fileURLWithPath: start).resolvingSymlinksInPath()
      for _ in 0..<6 {
        folder.deleteLastPathComponent()
        let candidate = folder.appendingPathComponent(name).path
        if isProgram(candidate) { return candidate }
      }
    }
    return "\(checkout)/.build/debug/\(name)"
  }

  private static func isProgram(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
      && FileManager.default.isExecutableFile(atPath: path)
  }
}
