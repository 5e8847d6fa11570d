import Foundation
import RecordFormats
import Testing

/// Files that are broken in every way, each on a small database that must stay as it is.
struct WrongInputTests {
  /// A file that fails whole.
  private func fails(
    _ status: Int32, _ kind: String, _ name: String, bytes: [UInt8], _ options: String..., remarks: Bool = false,
    says words: [String] = [], at location: SourceLocation = #_sourceLocation
  ) throws {
    let work = try Workspace.prepared()
    try work.write(name, bytes: bytes)
    try work.unchanged(at: location) {
      let run = try work.run(["import", kind, name, "--as-of", Workspace.t2] + options)
      let message = work.expectRefusal(run, status, remarks: remarks, at: location)
      for word in [name] + words {
        #expect(message.contains(word), "does not say '\(word)': \(message)", sourceLocation: location)
      }
      #expect(run.errors.utf8.count < 20_000, sourceLocation: location)
    }
  }

  private func fails(
    _ status: Int32, _ kind: String, _ name: String, _ text: String, says words: [String] = [],
    at location: SourceLocation = #_sourceLocation
  ) throws {
    try fails(status, kind, name, bytes: Array(text.utf8), says: words, at: location)
  }

  /// A row that is rejected: counted, named and skipped; under `--strict` it fails the file.
  private func rejected(
    _ kind: String, _ name: String, _ text: String, line: Int, says words: [String] = [],
    at location: SourceLocation = #_sourceLocation
  ) throws {
    let work = try Workspace.prepared()
    try work.write(name, text)
    try work.unchanged(at: location) {
      let run = try work.run("import", kind, name, "--strict", "--as-of", Workspace.t2)
      work.expectRefusal(run, 1, remarks: true, at: location)
    }
    let run = try work.done("import", kind, name, "--format", "json", "--as-of", Workspace.t2, at: location)
    let report = try JSONParser.parse(run.output).arrayValue?.first
    #expect(report?["rejected"]?.numberValue?.text == "1", "\(run.output)", sourceLocation: location)
    #expect(run.errors.utf8.count < 2_000, "the row is told at length", sourceLocation: location)
    for word in ["\(name):\(line):"] + words {
      #expect(run.errors.contains(word), "does not say '\(word)': \(run.errors)", sourceLocation: location)
    }
    try work.done("score", "--all", "--as-of", Workspace.t2, at: location)
  }

  // MARK: Files that cannot be parsed

  @Test func noTextFile() throws {
    let noise = (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 7919 &+ $0 / 251) }
    try fails(65, "leads", "b.csv", bytes: noise)
    try fails(65, "events", "b.jsonl", bytes: noise)
    try fails(65, "leads", "n.csv", bytes: [UInt8](repeating: 0, count: 100_000))
  }

  @Test func aFolder() throws {
    let work = try Workspace.prepared()
    try FileManager.default.createDirectory(atPath: work.path("folder.csv"), withIntermediateDirectories: true)
    try work.unchanged { try work.refused(66, "import", "leads", "folder.csv", "--as-of", Workspace.t2) }
  }

  @Test func anEmptyFile() throws {
    try fails(65, "leads", "e.csv", "")
  }

  @Test func gzipThatBreaksOff() throws {
    let work = try Workspace.prepared()
    try work.write("g.csv", "key,title\n" + (0..<5000).map { "k\($0)@x,T\($0 * $0)\n" }.joined())
    #expect(try work.shell("gzip -c g.csv > whole.csv.gz").status == 0)
    let whole = try work.bytes("whole.csv.gz")
    try work.write("half.csv.gz", bytes: Array(whole.prefix(whole.count / 2)))
    try work.unchanged {
      let message = try work.refused(65, "import", "leads", "half.csv.gz", "--as-of", Workspace.t2)
      #expect(message.contains("half.csv.gz"))
    }
    try work.done("import", "leads", "whole.csv.gz", "--as-of", Workspace.t2)
  }

  @Test func bytesThatAreNoUTF8() throws {
    let bytes = Array("key,title\nok@x,fine\nbad@x,".utf8) + [0xFF, 0xFE] + Array("\n".utf8)
    try fails(65, "leads", "u.csv", bytes: bytes, says: ["u.csv:3", "--encoding"])
  }

  @Test func unknownFormat() throws {
    try fails(64, "leads", "a.dat", "key\nx@y\n", says: ["--input"])
  }

  @Test func unterminatedQuote() throws {
    try fails(
      65, "leads", "q.csv", "key,title\na@x,\"open\n" + String(repeating: "b@x,VP\n", count: 1000), says: ["q.csv:2"])
  }

  /// The last line of a hundred megabytes is the one that is wrong, when nearly all is read.
  @Test func unterminatedQuoteAtTheEndOfALargeFile() throws {
    let work = try Workspace.prepared()
    try work.write("big.csv", "key,title,note\n")
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: work.path("big.csv")))
    try file.seekToEnd()
    // 1,000 rows of 1,000 bytes, and a hundred times those with the same keys.
    let note = String(repeating: "n", count: 1_000 - 17)
    let block = Data((0..<1_000).map { "k\(1_000 + $0)@example,VP,\(note)\n" }.joined().utf8)
    for _ in 0..<100 { try file.write(contentsOf: block) }
    try file.write(contentsOf: Data("last@x,VP,\"never closed\n".utf8))
    try file.close()
    try work.unchanged {
      let message = try work.refused(65, "import", "leads", "big.csv", "--as-of", Workspace.t2)
      #expect(message.contains("big.csv:100002"))
    }
  }

  // MARK: Headers

  @Test func columnsThatSayLessThanTheyMay() throws {
    let work = try Workspace.prepared()
    try work.write("n.csv", "key,,Created At,title,\nkim@x,kept?,2026-01-01,VP,\n")
    let run = try work.done("import", "leads", "n.csv", "--as-of", Workspace.t2)
    #expect(run.errors.contains("warning: n.csv: what stands in columns 2, 5 is left out"), "\(run.errors)")
    #expect(
      run.errors.contains("column 'Created At' is taken as an attribute; one called 'created_at'"), "\(run.errors)")
    try work.write("n.csv", "key,type,occurred_at,ID\nkim@x,view,2026-01-01,7\n")
    let events = try work.done("import", "events", "n.csv", "--as-of", Workspace.t2)
    #expect(events.errors.contains("column 'ID' is taken as a property; one called 'id'"), "\(events.errors)")
    // Who says what the columns are is not told so.
    try work.write("map.yaml", "events:\n  key: key\n  type: type\n  occurred_at: occurred_at\n")
    let mapped = try work.run(
      "import", "events", "n.csv", "--map", "map.yaml", "--as-of", Workspace.t2)
    #expect(!mapped.errors.contains("'id'"), "\(mapped.errors)")
    let listed = try work.done("leads", "list", "--where", "contry=DE", "--as-of", Workspace.t2)
    #expect(listed.errors.contains("warning: no lead has an attribute 'contry'"), "\(listed.errors)")
  }

  @Test func headers() throws {
    try fails(65, "leads", "h.csv", "key,title,title\nok@x,CEO,CTO\n", says: ["title"])
    try fails(65, "leads", "h.csv", "name,title\nok@x,CEO\n", says: ["--key", "name"])
    try fails(65, "events", "h.csv", "key,type\nok@x,view\n", says: ["occurred_at"])
    try fails(65, "events", "h.csv", "key,occurred_at\nok@x,2026-01-01\n", says: ["type"])
    let work = try Workspace.prepared()
    try work.write("h.csv", "name,title\nok@x,CEO\n")
    try work.unchanged {
      try work.refused(65, "import", "leads", "h.csv", "--key", "nam", "--as-of", Workspace.t2)
    }
    try work.done("import", "leads", "h.csv", "--key", "name", "--as-of", Workspace.t2)
  }

  // MARK: Rows

  @Test func tooManyCells() throws {
    try rejected("leads", "r.csv", "key,title\nok@x,CEO\nbad@x,CEO,extra\n", line: 3)
  }

  @Test func keys() throws {
    try rejected("leads", "k.csv", "key,title\n    ,CEO\n", line: 2)
    try rejected("leads", "k.csv", "key,title\n" + String(repeating: "k", count: 1_000_000) + ",vp\n", line: 2)
  }

  @Test func impossibleInstants() throws {
    for instant in [
      "2026-02-30T10:00:00Z", "yesterday", "2026-13-01", "9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z",
      "2026-01-01T10:00:00", "",
    ] {
      try rejected("events", "e.csv", "key,type,occurred_at\nann@x,view,\(instant)\n", line: 2)
    }
    try rejected("leads", "l.csv", "key,created_at\nnew@x,2026-02-30\n", line: 2, says: ["created_at"])
  }

  @Test func eventsWithoutType() throws {
    try rejected("events", "e.csv", "key,type,occurred_at\nann@x,,2026-01-01\n", line: 2, says: ["type"])
  }

  @Test func hugeCell() throws {
    try rejected(
      "leads", "m.csv", "key,title\nbig@x," + String(repeating: "vp", count: 500_000) + "\n", line: 2, says: ["title"])
  }

  @Test func jsonLines() throws {
    try rejected("leads", "d.jsonl", #"{"key":"a@x","attributes":{"a":{"b":1}}}"# + "\n", line: 1)
    try rejected("leads", "d.jsonl", "{\"key\":\"ok@x\"}\n{\"key\":\n", line: 2)
    try rejected("leads", "d.jsonl", "{\"key\":\"ok@x\"}\n[1]\n", line: 2)
    let nested = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
    try rejected("leads", "d.jsonl", #"{"key":"deep@x","attributes":{"a":"# + nested + "}}\n", line: 1)
  }

  @Test func rejectedRowsAreKept() throws {
    let work = try Workspace.prepared()
    try work.write("r.csv", "key,title\nok@x,CEO\nbad@x,CEO,extra\n")
    try work.done("import", "leads", "r.csv", "--rejects", "bad.csv", "--as-of", Workspace.t2)
    #expect(try work.text("bad.csv") == "key,title\nbad@x,CEO,extra\n")
    try work.write("s.csv", "key,title\nother@x,CEO,extra\n")
    try work.unchanged {
      try work.refused(
        1, "import", "leads", "s.csv", "--strict", "--rejects", "worse.csv", "--as-of", Workspace.t2, remarks: true)
    }
    #expect(try work.text("worse.csv") == "key,title\nother@x,CEO,extra\n")
  }

  @Test func theSecondOfTwoFilesIsBad() throws {
    let work = try Workspace.prepared()
    try work.write("a.csv", "key,title\nnew@x,CEO\n")
    try work.write("r.csv", "key,title\nbad@x,CEO,extra\n")
    try work.write("q.csv", "key,title\nbad@x,\"open\n")
    try work.unchanged {
      try work.refused(1, "import", "leads", "a.csv", "r.csv", "--strict", "--as-of", Workspace.t2, remarks: true)
      try work.refused(65, "import", "leads", "a.csv", "q.csv", "--as-of", Workspace.t2)
    }
  }

  @Test func aDryRunChangesNothing() throws {
    let work = try Workspace.prepared()
    try work.write("a.csv", "key,title\nnew@x,CEO\n")
    try work.unchanged {
      let run = try work.done("import", "leads", "a.csv", "--dry-run", "--format", "json", "--as-of", Workspace.t2)
      #expect(run.output.contains(#""created":1"#))
    }
  }

  @Test func mappings() throws {
    let work = try Workspace.prepared()
    try work.write("a.csv", "id,when\nnew@x,2026-01-01\n")
    try work.write("bad.yaml", "kind: leads\nkee: id\n")
    try work.write("events.yaml", "kind: events\nkey: id\ntype: when\noccurred_at: when\n")
    try work.unchanged {
      let bad = try work.run("import", "leads", "a.csv", "--map", "bad.yaml", "--as-of", Workspace.t2)
      work.expectRefusal(bad, 65, remarks: true)
      #expect(bad.errors.contains("bad.yaml:2:1:"))
      #expect(bad.errors.contains("'key'"), "the nearest word")
      try work.refused(64, "import", "leads", "a.csv", "--map", "events.yaml", "--as-of", Workspace.t2)
    }
  }
}
