import ArgumentParser
import Foundation

/// What we are measured against.
enum BenchPeer: String, CaseIterable {
  case sqlite
  case duckdb

  /// Reads `sqlite,duckdb` or `none`.
  static func list(_ text: String) throws -> [BenchPeer] {
    if text == "none" { return [] }
    return try text.split(separator: ",").map { name in
      guard let peer = BenchPeer(rawValue: String(name)) else {
        throw ValidationError("--peers: '\(name)' is not a peer; they are sqlite and duckdb, or none")
      }
      return peer
    }
  }
}

/// The programs of the peers, as far as they are here.
struct BenchPeers {
  let folder: BenchFolder
  /// The shell of SQLite.
  let sqlite: String?
  /// Python, for SQLite without its shell.
  let python: String?
  let hasDuckDB: Bool
  private let script: String

  /// Looks which of the wanted peers are here.
  init(wanted: [BenchPeer], python: String, script: String, folder: BenchFolder) {
    self.folder = folder
    self.script = script
    let errors = folder.file("peer.err")
    func works(_ words: String...) -> Bool { (try? ChildProcess(words: words, errors: errors).run()) != nil }
    let wantsAny = !wanted.isEmpty && works(python, "-c", "import sqlite3")
    self.python = wantsAny ? python : nil
    sqlite = wanted.contains(.sqlite) && works("sqlite3", "--version") ? "sqlite3" : nil
    hasDuckDB = wantsAny && wanted.contains(.duckdb) && works(python, "-c", "import duckdb")
  }

  /// What is here, with versions, for the report.
  func names() -> [String] {
    var names: [String] = []
    if let sqlite, let text = said([sqlite, "--version"]) {
      names.append("SQLite \(text.prefix { $0 != " " })")
    }
    if hasDuckDB, let python, let text = said([python, "-c", "import duckdb; print(duckdb.__version__)"]) {
      names.append("DuckDB \(text)")
    }
    return names
  }

  private func said(_ words: [String]) -> String? {
    let output = folder.file("peer.out")
    guard (try? ChildProcess(words: words, output: output, errors: folder.file("peer.err")).run()) != nil else {
      return nil
    }
    return FileManager.default.contents(atPath: output)
      .map { String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines) }
  }

  /// A command of the peers' script, which times itself.
  func run(_ words: String...) -> ChildProcess {
    ChildProcess(
      words: [python ?? "python3", script] + words, output: folder.file("peer.out"), errors: folder.file("peer.err"))
  }

  /// The shell of SQLite with arguments.
  func shell(_ words: String...) -> ChildProcess {
    ChildProcess(words: [sqlite ?? "sqlite3"] + words, errors: folder.file("peer.err"))
  }
}
