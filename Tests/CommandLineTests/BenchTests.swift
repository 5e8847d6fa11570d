import Foundation
import Testing

/// The benchmark, run once: it must end well, and both sides must agree on every lead. Nothing here looks at times.
struct BenchTests {
  private static let python: String = {
    let prepared = "\(Location.checkout)/.build/bench-venv/bin/python3"
    return FileManager.default.isExecutableFile(atPath: prepared) ? prepared : "python3"
  }()

  private static let hasDuckDB: Bool = {
    guard let place = try? Workspace() else { return false }
    return (try? place.shell("'\(python)' -c 'import duckdb'"))?.status == 0
  }()

  private static let hasPython: Bool = {
    guard let place = try? Workspace() else { return false }
    return (try? place.shell("'\(python)' -c pass"))?.status == 0
  }()

  /// The checksums of two workloads under the three documents.
  ///
  /// DuckDB found the same ones. They change with the workload, the documents and nothing else.
  private static let checksums = [
    "tiny": [
      "rules.yaml: 385c57677a384ce0, 41,592.63 points",
      "rules-changed.yaml: 92103a20e69fbfe4, 39,965.10 points",
      "rules-new-condition.yaml: 417d16151cd74a9e, 41,111.35 points",
    ],
    "small": [
      "rules.yaml: 9233f2ea6fd24c6a, 2,118,582.42 points",
      "rules-changed.yaml: c04421ed575da093, 2,050,706.52 points",
      "rules-new-condition.yaml: 594c0bd2974b98b3, 2,105,079.42 points",
    ],
  ]

  private func bench(_ place: Workspace, size: String, peers: String) throws -> ProgramRun {
    try place.shell(
      "ScoreBench run --size \(size) --runs 1 --peers \(peers) --python '\(BenchTests.python)' "
        + "--folder bench --documents '\(Location.example("bench"))' --json bench.json")
  }

  @Test("Without peers it runs to its end, and its checksums are those it always had.")
  func alone() throws {
    let place = try Workspace()
    let run = try bench(place, size: "small", peers: "none")
    #expect(run.status == 0, "\(run.errors)")
    for checksum in BenchTests.checksums["small"] ?? [] {
      #expect(run.output.contains("Checksum, \(checksum); not compared."))
    }
    let report = try #require(
      try JSONSerialization.jsonObject(with: place.bytes("bench.json")) as? [String: Any])
    #expect(report["leads"] as? Int == 100_000)
    #expect((report["rows"] as? [[String: Any]])?.count == 15)
  }

  @Test(
    "DuckDB gives every lead the same scores.",
    .enabled(if: BenchTests.hasDuckDB, "python3 has no module duckdb; make bench installs it"))
  func besideDuckDB() throws {
    let place = try Workspace()
    let run = try bench(place, size: "tiny", peers: "duckdb")
    #expect(run.status == 0, "\(run.errors)")
    for checksum in BenchTests.checksums["tiny"] ?? [] {
      #expect(run.output.contains("Checksum, \(checksum); equal to DuckDB's for every lead."))
    }
  }

  @Test(
    "Where DuckDB computes something else the benchmark fails and names leads.",
    .enabled(if: BenchTests.hasDuckDB, "python3 has no module duckdb; make bench installs it"))
  func difference() throws {
    let place = try Workspace()
    let documents = place.path("documents")
    try FileManager.default.copyItem(atPath: Location.example("bench"), toPath: documents)
    let script = try place.text("documents/peer.py")
    let wrong = script.replacingOccurrences(of: "\"student\": -2000", with: "\"student\": -1900")
    try #require(wrong != script)
    try place.write("documents/peer.py", wrong)
    let run = try place.shell(
      "ScoreBench run --size tiny --runs 1 --peers duckdb --python '\(BenchTests.python)' --folder bench "
        + "--documents documents")
    #expect(run.status == 1)
    #expect(run.errors.contains("by rules.yaml the scores differ"))
    #expect(run.errors.contains("\"student\":-20"))
  }

  @Test(
    "Instructions are counted where they are spent, and not again where they are called from.",
    .enabled(if: BenchTests.hasPython, "there is no python3"))
  func instructions() throws {
    let place = try Workspace()
    try place.write(
      "callgrind.out",
      """
      version: 1
      events: Ir
      ob=(1) /usr/lib/libsqlite3.so.0
      fl=(1) ???
      fn=(1) sqlite3VdbeExec
      0 100
      cob=(2) /somewhere/leadscore
      cfn=(2) $s9LeadStore10ScoreTableC3put
      calls=3 0
      0 5000
      +2 11
      ob=(2)
      fn=(2)
      0 40
      * 10
      fn=(3) swift_retain
      12 7
      fn=(4) $sSa6append10contentsOf
      cfn=(3)
      calls=1 0
      0 6000
      0 5
      fn=(5) $s14ArgumentParser7CommandV
      0 3
      ob=(3) /usr/lib/libc.so.6
      fn=(6) malloc
      0 2

      totals: 178
      """)
    let script =
      "import sys; sys.path.insert(0, sys.argv[1]); import instructions; "
      + "[print(*part) for part in sorted(instructions.read(\"callgrind.out\").items())]"
    let run = try place.shell("'\(BenchTests.python)' -B -c '\(script)' '\(Location.example("bench"))'")
    #expect(run.status == 0, "\(run.errors)")
    #expect(
      run.output == """
        C library 2
        LeadStore 50
        SQLite 111
        Swift's library 5
        Swift's runtime 7
        other modules 3

        """)
  }
}
