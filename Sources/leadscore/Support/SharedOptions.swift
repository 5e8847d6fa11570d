import ArgumentParser
import LeadScoring
import LeadStore
import RecordFormats
import ScoreEngine
import TerminalOutput

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What every command takes: the database, the model and the instant as of which it works.
struct CommonOptions: ParsableArguments {
  @Option(name: .long, help: ArgumentHelp("The database file.", valueName: "path"), completion: .file())
  var db: String?

  @Option(name: .long, help: ArgumentHelp("The model whose rules and scores are meant.", valueName: "name"))
  var model = DatabaseCreation.mainModel

  @Option(
    name: .long,
    help: ArgumentHelp("Work as of this instant, such as 2026-11-21T09:00:00Z (default: now).", valueName: "instant"))
  var asOf: InstantArgument?

  /// --db, else $LEADSCORE_DB, else leads.db.
  var path: String {
    if let db { return db }
    if let value = Terminal.environment("LEADSCORE_DB"), !value.isEmpty { return value }
    return "leads.db"
  }

  func validate() throws {
    if db == "" { throw ValidationError("--db is empty; it takes the path of a file") }
  }

  /// A year, in milliseconds.
  private static let farAhead: Int64 = 366 * 86_400_000

  /// `T`, in milliseconds since 1970.
  var instant: Int64 { asOf?.milliseconds ?? Clock.now() }

  /// Runs `body` as of ``instant``. Without --as-of that is the clock, which is looked at again where another process
  /// took the database further while this one waited for its turn.
  ///
  /// - Parameter body: fails with `ScoringError.backInTime` before it has done anything.
  func atInstant<Result>(_ body: (Int64) throws -> Result) throws -> Result { try atInstant({ instant }, body) }

  /// Runs `body` as of an instant that is found again in the same case.
  func atInstant<Result>(_ find: () throws -> Int64, _ body: (Int64) throws -> Result) throws -> Result {
    for _ in 0..<100 {
      do {
        return try body(find())
      } catch ScoringError.backInTime(_, let last) where asOf == nil && last <= Clock.now() + 1000 {
        // A clock that was set back a little is waited for.
        usleep(UInt32(max(0, last - Clock.now())) * 1000)
      }
    }
    return try body(find())
  }

  /// A session that writes.
  func open() throws -> ScoringSession {
    if let asOf, asOf.milliseconds > Clock.now() + CommonOptions.farAhead {
      // A slip in the year could not be taken back.
      warn(
        "warning: \(Instant(milliseconds: asOf.milliseconds)) is more than a year ahead of the clock; "
          + "once the database is there, it takes nothing as of an earlier instant")
    }
    do {
      return withProgress(try ScoringSession(try LeadDatabase.open(path: path, mode: .readWrite), clock: Clock.now))
    } catch let error as DatabaseError where [.readOnly, .cannotOpen].contains(error.kind) {
      throw CommandError(
        .inputOutput, "cannot open \(path) to write (\(error.message)); the file and its folder must be writable")
    }
  }

  /// A session in which every score is that of an instant, and the instant: --as-of, else the clock, or the last
  /// evaluation where the database is ahead of the clock.
  ///
  /// Where nothing can be written, since the file is read-only or another process is writing, what fell due is worked
  /// out for this session alone. Nor is anything kept for an instant that the clock has not reached: who looks ahead
  /// does not take the database there.
  ///
  /// - Parameter lead: a lead's key where nobody else's score will be asked for; only it is brought to the instant.
  func openForReading(lead: String? = nil) throws -> (session: ScoringSession, instant: Int64) {
    do {
      let session = withProgress(
        try ScoringSession(
          try LeadDatabase.open(path: path, mode: .readWrite, busyTimeout: 1000), clock: Clock.now))
      func open(_ instant: Int64) throws -> (session: ScoringSession, instant: Int64) {
        guard instant <= Clock.now() else { return try openOverlay(lead) }
        try bringUpToDate(session, lead, to: instant)
        try session.holdSnapshot()
        return (session, instant)
      }
      return try atInstant({ try readingInstant(session) }, open)
    } catch let error as DatabaseError where [.busy, .readOnly, .cannotOpen].contains(error.kind) {
      return try openOverlay(lead)
    }
  }

  private func bringUpToDate(_ session: ScoringSession, _ lead: String?, to instant: Int64) throws {
    if let lead { try session.bringUpToDate(lead, to: instant) } else { try session.bringUpToDate(to: instant) }
  }

  /// A session in which history reaches to an instant that is asked for, also one to come.
  func openForReading(at: InstantArgument?, lead: String? = nil) throws -> (session: ScoringSession, instant: Int64) {
    guard let at else { return try openForReading(lead: lead) }
    if let asOf, asOf.milliseconds < at.milliseconds {
      throw ValidationError("--at lies after --as-of, which is as far as history goes")
    }
    var options = self
    if asOf == nil, at.milliseconds > Clock.now() { options.asOf = at }
    return try options.openForReading(lead: lead)
  }

  /// A session for what is worked out from the facts as of any instant, the past included, and the instant. Scores are
  /// those of the last evaluation, and nothing is written.
  func openForAnyInstant() throws -> (session: ScoringSession, instant: Int64) {
    let session = try openAsItStands()
    try session.holdSnapshot()
    return (session, try readingInstant(session))
  }

  private func openOverlay(_ lead: String?) throws -> (session: ScoringSession, instant: Int64) {
    let session = withProgress(try ScoringSession(try LeadDatabase.openOverlay(path: path), clock: Clock.now))
    // First, since what is laid over the file must be of the same state as the rest.
    try session.holdSnapshot()
    let instant = try readingInstant(session)
    try bringUpToDate(session, lead, to: instant)
    return (session, instant)
  }

  /// --as-of, else the clock, or the last evaluation where the database is ahead of the clock.
  func readingInstant(_ session: ScoringSession) throws -> Int64 {
    if let asOf { return asOf.milliseconds }
    return max(Clock.now(), try session.database.models.lastEvaluation() ?? Int64.min)
  }

  /// A session on the database as it stands, for what does not depend on the instant.
  func openAsItStands() throws -> ScoringSession {
    do {
      return withProgress(try ScoringSession(try LeadDatabase.open(path: path, mode: .readWrite), clock: Clock.now))
    } catch let error as DatabaseError where [.readOnly, .cannotOpen].contains(error.kind) {
      return try ScoringSession(try LeadDatabase.openOverlay(path: path), clock: Clock.now)
    }
  }

  private func withProgress(_ session: ScoringSession) -> ScoringSession {
    if Terminal.isTerminal(2) {
      let progress = ProgressReport()
      session.onProgress = { progress.show($0) }
    }
    return session
  }
}

/// An instant on the command line.
struct InstantArgument: ExpressibleByArgument {
  let milliseconds: Int64

  init?(argument: String) {
    guard let instant = Instant(argument), instant >= .earliestFact, instant < .latestFact else { return nil }
    milliseconds = instant.milliseconds
  }
}

/// Points on the command line.
struct PointsArgument: ExpressibleByArgument {
  let hundredths: Int64

  init?(argument: String) {
    guard let points = Points(argument) else { return nil }
    hundredths = points.hundredths
  }
}

/// The machine's clock.
enum Clock {
  /// Milliseconds since 1970.
  static func now() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}

/// How reading commands print.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table
  case json
  case jsonl
  case csv
}

/// How a reading command prints.
struct FormatOptions: ParsableArguments {
  @Option(name: .long, help: "How to print: table for people, the others for programs.")
  var format = OutputFormat.table
}

/// A session's progress on the terminal.
final class ProgressReport {
  private var bar: ProgressBar?
  private var label = ""

  func show(_ progress: ScoringSession.Progress) {
    if bar == nil {
      bar = ProgressBar(label: progress.label, unit: progress.unit)
      label = progress.label
    } else if label != progress.label {
      bar?.restart(label: progress.label)
      label = progress.label
    }
    bar?.update(done: progress.done, total: progress.total, items: progress.items)
  }
}

/// Reads a whole text file; `-` is standard input.
func readText(_ path: String) throws -> String {
  let source = try openText(path: path)
  var bytes: [UInt8] = []
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
  defer { buffer.deallocate() }
  while true {
    let count = try source.read(into: buffer)
    if count == 0 { break }
    bytes.append(contentsOf: buffer.prefix(count))
    guard bytes.count <= 8 << 20 else {
      throw CommandError(.badData, "\(path) is larger than 8 MB, too large for what it is to be")
    }
  }
  guard let text = String(validating: bytes, as: UTF8.self) else {
    throw CommandError(.badData, "\(path) is not UTF-8 text")
  }
  return text
}
