import Foundation
import RecordFormats
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Files that are no database, or another program's, or a newer one; disks that are full or cannot be written.
struct WrongDatabaseTests {
  /// Expects these to be refused, and every byte of the file to stay.
  private func leavesAlone(
    _ work: Workspace, _ status: Int32, at location: SourceLocation = #_sourceLocation
  ) throws {
    let before = try work.bytes("leads.db")
    for arguments in [
      ["import", "leads", "l.csv", "--as-of", Workspace.t2], ["leads", "list", "--as-of", Workspace.t2],
      ["score", "--as-of", Workspace.t2], ["db", "info"], ["db", "migrate"],
    ] {
      work.expectRefusal(try work.run(arguments), status, at: location)
      let same = try work.bytes("leads.db") == before
      #expect(same, "\(arguments) changed its bytes", sourceLocation: location)
    }
  }

  @Test func anotherProgramsDatabase() throws {
    let work = try Workspace.prepared()
    try FileManager.default.removeItem(atPath: work.path("leads.db"))
    try PlainConnection(work.path("leads.db")).execute(
      "CREATE TABLE songs (id INTEGER PRIMARY KEY, title TEXT); INSERT INTO songs VALUES (1, 'x')")
    try leavesAlone(work, 65)
  }

  @Test func aLetter() throws {
    let work = try Workspace.prepared()
    try work.write("leads.db", String(repeating: "Dear all,\nthis is a letter.\n", count: 100))
    try leavesAlone(work, 65)
  }

  @Test func anEmptyFile() throws {
    let work = try Workspace.prepared()
    try work.write("leads.db", "")
    try leavesAlone(work, 65)
  }

  @Test func aFolder() throws {
    let work = try Workspace.prepared()
    try FileManager.default.createDirectory(atPath: work.path("dir.db"), withIntermediateDirectories: true)
    try work.refused(74, "leads", "list", "--db", "dir.db")
  }

  /// Somebody who adds leads by SQL may give them any numbers.
  @Test(arguments: ["-1", "0", "1764547200000", "9223372036854775807"])
  func aNumberThatNoLeadCanHave(_ number: String) throws {
    let work = try Workspace.prepared()
    try PlainConnection(work.path("leads.db")).execute(
      """
      INSERT INTO lead (id, key, created_at, created_is_given, attributes)
      VALUES (\(number), 'hand@example.com', 0, 1, '{}')
      """)
    try work.write("more.csv", "email\nnew@example.com\n")
    for arguments in [
      ["import", "leads", "more.csv"], ["score", "--all"], ["rules", "preview", "rules.yaml"],
    ] {
      let run = try work.run(arguments + ["--as-of", Workspace.t2])
      #expect(run.status == 74)
      #expect(run.errors.contains("a lead has the number \(number), and they go from 1 to 4294967295"))
    }
  }

  /// Passes leave out the gap: going over four billion numbers would take minutes.
  @Test func aLeadFarBehindTheOthers() throws {
    let work = try Workspace.prepared()
    try PlainConnection(work.path("leads.db")).execute(
      """
      INSERT INTO lead (id, key, created_at, created_is_given, attributes)
      VALUES (4000000000, 'far@example.com', 0, 1, '{}')
      """)
    let score = try work.run(["score", "--all", "--as-of", Workspace.t2])
    #expect(score.errors.contains("1 packed record rebuilt"))
    try work.done("score", "--all", "--as-of", Workspace.t2)
    let listed = try work.done("leads", "list", "--format", "jsonl", "--as-of", Workspace.t2).output
    let count = listed.split(separator: "\n").count
    #expect(listed.contains("far@example.com"))
    try work.write("other.yaml", String(decoding: work.bytes("rules.yaml"), as: UTF8.self) + "# other\n")
    let preview = try work.done("rules", "preview", "other.yaml", "--format", "json", "--as-of", Workspace.t2)
    #expect(preview.output.contains("\"leads\": \(count)") || preview.output.contains("\"leads\":\(count)"))
    try work.done("score", "--as-of", Workspace.t2)
  }

  @Test func noNumberForAnotherLead() throws {
    let work = try Workspace.prepared()
    try PlainConnection(work.path("leads.db")).execute(
      """
      INSERT INTO lead (id, key, created_at, created_is_given, attributes)
      VALUES (4294967295, 'hand@example.com', 0, 1, '{}')
      """)
    try work.write("more.csv", "email\nnew@example.com\n")
    let before = try work.bytes("leads.db")
    let run = try work.run(["import", "leads", "more.csv", "--as-of", Workspace.t2])
    #expect(run.status == 74)
    #expect(run.errors.contains("a lead has the number 4294967295, after which there is none for another"))
    let same = try work.bytes("leads.db") == before
    #expect(same)
  }

  @Test func damaged() throws {
    let work = try Workspace.prepared()
    var bytes = Array(try work.bytes("leads.db"))
    let page = Int(bytes[16]) << 8 | Int(bytes[17])
    for index in (page * 2)..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
    try work.write("damaged.db", bytes: bytes)
    try work.refused(74, "leads", "list", "--db", "damaged.db", "--as-of", Workspace.t2)
    try work.refused(74, "import", "leads", "l.csv", "--db", "damaged.db", "--as-of", Workspace.t2)
  }

  /// With one lead beside the block the three others are too few to be written into it; with all four none differs.
  @Test(arguments: [["ann"], ["ann", "bob", "cid", "dan"]])
  func damagedSignals(_ beside: [String]) throws {
    let work = try Workspace.prepared()
    try work.write("all.csv", "key,size\nann@x,1\nbob@x,1\ncid@x,1\ndan@x,1\n")
    try work.done("import", "leads", "all.csv", "--as-of", Workspace.t1)
    for lead in beside {
      try work.write("e.csv", "key,type,occurred_at\n\(lead)@x,view,2026-02-22T10:00:00Z\n")
      try work.done("import", "events", "e.csv", "--as-of", Workspace.t1)
    }
    func list() throws -> String {
      try work.done("leads", "list", "--format", "jsonl", "--breakdown", "--as-of", Workspace.t1).output
    }
    let before = try list()
    do {
      let connection = try PlainConnection(work.path("leads.db"))
      #expect(try connection.rows("SELECT count(*) FROM recent_signals") == [["\(beside.count)"]])
      #expect(try connection.rows("SELECT count(*) FROM signal_block") == [["1"]])
      try connection.execute("UPDATE signal_block SET ends = replace(ends, '0', 'x')")
    }
    try work.write("changed.yaml", Workspace.rules.replacing("points: 15", with: "points: 16"))
    try work.refused(74, "rules", "preview", "changed.yaml", "--no-plan", "--as-of", Workspace.t1, remarks: true)
    try work.done("score", "--all", "--as-of", Workspace.t1)
    try work.done("rules", "preview", "changed.yaml", "--no-plan", "--as-of", Workspace.t1)
    #expect(try list() == before)
    let again = try work.done("score", "--all", "--as-of", Workspace.t1)
    #expect(again.errors.contains("none differed") && !again.errors.contains("rebuilt"), "\(again.errors)")
  }

  @Test func cutInHalf() throws {
    let work = try Workspace.prepared()
    let bytes = try work.bytes("leads.db")
    try work.write("half.db", bytes: Array(bytes.prefix(bytes.count / 2 / 4096 * 4096 + 1000)))
    try work.refused(74, "import", "leads", "l.csv", "--db", "half.db", "--as-of", Workspace.t2)
  }

  @Test func newerThanTheProgram() throws {
    let work = try Workspace.prepared()
    do {
      let connection = try PlainConnection(work.path("leads.db"))
      try connection.execute(
        """
        INSERT INTO migration (number, name, digest, applied_at, duration, program)
        SELECT number + 1000, '1001_later.sql', digest, applied_at, duration, '99.0.0' FROM migration
        ORDER BY number DESC LIMIT 1
        """)
      _ = try connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    }
    try leavesAlone(work, 69)
  }

  @Test func aMigrationThatIsNotThisPrograms() throws {
    let work = try Workspace.prepared()
    do {
      let connection = try PlainConnection(work.path("leads.db"))
      try connection.execute("UPDATE migration SET digest = 'another' WHERE number = 1")
      _ = try connection.rows("PRAGMA wal_checkpoint(TRUNCATE)")
    }
    try leavesAlone(work, 74)
  }

  // MARK: Another process at work

  @Test func aSecondWriter() throws {
    let work = try Workspace.prepared()
    try work.write("a.csv", "key\nnew@x\n")
    let other = try PlainConnection(work.path("leads.db"))
    try other.execute("BEGIN IMMEDIATE")
    try work.refused(75, "import", "leads", "a.csv", "--as-of", Workspace.t2)
    // Looking goes on beside a writer, with what fell due meanwhile worked out for the reader alone.
    let list = try work.done("leads", "list", "--format", "jsonl", "--as-of", "2026-06-01T00:00:00Z")
    #expect(try work.lines(list).map { $0["score"]?.numberValue?.text } == ["15", "0"])
    try other.execute("ROLLBACK")
    try work.unchanged {}
    try work.done("import", "leads", "a.csv", "--as-of", Workspace.t2)
  }

  @Test func errorsOfTheDatabaseNameItsFile() throws {
    let work = try Workspace.prepared()
    let add = ["adjust", "add", "ann@x", "--points", "1", "--by", "a", "--reason", "b", "--as-of", Workspace.t2]
    let plain = try PlainConnection(work.path("leads.db"))
    try plain.execute(
      "CREATE TRIGGER none BEFORE INSERT ON import_run BEGIN SELECT RAISE(ABORT, 'no more of them'); END")
    let refused = try work.refused(74, "import", "events", "e.csv", "--as-of", Workspace.t2)
    #expect(refused.contains("leads.db does not take a row (no more of them)"), "\(refused)")
    try plain.execute("BEGIN IMMEDIATE")
    let busy = work.expectRefusal(try work.run(add), 75)
    #expect(busy.contains("leads.db"), "\(busy)")
  }

  // MARK: Disks

  private static let manyRows =
    "key,title,note\n"
    + (0..<20_000).map { "k\($0)@x,VP,\(String(repeating: "n", count: 200))\n" }.joined()

  /// A limit on the size of files fails writes as a full disk does, and needs no permission.
  @Test func noRoomForTheDatabase() throws {
    let work = try Workspace.prepared()
    try work.write("a.csv", WrongDatabaseTests.manyRows)
    try work.unchanged {
      let run = try work.shell(
        "trap '' XFSZ; ulimit -f 2000; exec leadscore import leads a.csv --as-of \(Workspace.t2)")
      work.expectRefusal(run, 74)
    }
    try work.done("import", "leads", "a.csv", "--as-of", Workspace.t2)
  }

  /// More rows than are kept in memory go to a temporary file, which has no room here either.
  @Test func noRoomForRowsOnTheirWay() throws {
    let work = try Workspace.prepared()
    let note = String(repeating: "n", count: 4000)
    try work.write("a.csv", "key,note\n" + (0..<10_000).map { "k\($0)@x,\(note)\n" }.joined())
    try work.unchanged {
      let run = try work.shell(
        "trap '' XFSZ; ulimit -f 2000; exec leadscore import leads a.csv --as-of \(Workspace.t2)")
      work.expectRefusal(run, 74)
      #expect(run.errors.contains("temporary file"), "\(run.errors)")
    }
    try work.done("import", "leads", "a.csv", "--as-of", Workspace.t2)
  }

  @Test(.enabled(if: Mounts.areAllowed, "needs the right to mount a file system"))
  func aFullDisk() throws {
    let work = try Workspace.prepared()
    try work.write("a.csv", WrongDatabaseTests.manyRows)
    try FileManager.default.createDirectory(atPath: work.path("small"), withIntermediateDirectories: true)
    let run = try Mounts.run(
      work,
      """
      mount -t tmpfs -o size=2m tmpfs small && cp leads.db small/x.db
      leadscore import leads a.csv --db small/x.db --as-of \(Workspace.t2); status=$?
      cp small/x.db* . && exit $status
      """)
    work.expectRefusal(run, 74)
    let same = try work.dump("x.db") == work.dump()
    #expect(same, "the database changed")
  }

  @Test(.enabled(if: Mounts.areAllowed, "needs the right to mount a file system"))
  func initOnAFullDiskLeavesNothing() throws {
    let work = try Workspace()
    try FileManager.default.createDirectory(atPath: work.path("small"), withIntermediateDirectories: true)
    let run = try Mounts.run(
      work,
      """
      mount -t tmpfs -o size=8k tmpfs small && leadscore init --db small/x.db; status=$?
      ls small >left; exit $status
      """)
    #expect([73, 74].contains(run.status), "\(run.errors)")
    work.expectRefusal(run, run.status)
    #expect(try work.text("left").isEmpty)
  }

  @Test(.enabled(if: Mounts.areAllowed || geteuid() != 0, "the superuser writes anywhere"))
  func aFileThatCannotBeWritten() throws {
    let work = try Workspace.prepared()
    let folder = work.path("ro")
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try work.copy("leads.db", to: "ro/x.db")
    let commands = """
      leadscore import leads l.csv --db ro/x.db --as-of \(Workspace.t2); echo $? >status
      leadscore leads list --format jsonl --db ro/x.db --as-of 2026-06-01T00:00:00Z
      """
    let run: ProgramRun
    if geteuid() == 0 {
      run = try Mounts.run(work, "mount --bind ro ro && mount -o remount,ro,bind ro\n" + commands)
    } else {
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: folder + "/x.db")
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder)
      defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder) }
      run = try work.shell(commands)
    }
    #expect(try work.text("status") == "74\n")
    #expect(run.errorLines.count == 1 && run.errors.hasPrefix("leadscore: error: "), "\(run.errors)")
    #expect(run.status == 0, "reading needs no writing: \(run.errors)")
    #expect(try work.lines(run).map { $0["score"]?.numberValue?.text } == ["15", "0"])
    let same = try work.dump("ro/x.db") == work.dump()
    #expect(same, "the database changed")
  }
}

/// File systems of a test's own, which nobody else sees and which end with the shell that made them.
enum Mounts {
  static let areAllowed: Bool = {
    #if os(Linux)
      guard geteuid() == 0, let work = try? Workspace() else { return false }
      try? FileManager.default.createDirectory(atPath: work.path("m"), withIntermediateDirectories: true)
      return (try? run(work, "mount -t tmpfs -o size=1m tmpfs m && mount --bind m m").status == 0) ?? false
    #else
      return false
    #endif
  }()

  static func run(_ work: Workspace, _ script: String) throws -> ProgramRun {
    try work.write("mounted.sh", script)
    return try work.shell("exec unshare --mount sh mounted.sh")
  }
}
