internal import LeadStore
internal import RecordFormats
internal import RuleFile

/// An input that may go on for ever, cut into parts that are committed one by one: a part ends where the source pauses,
/// and where enough has come.
///
/// While more comes than is worked off, parts grow, since the rows of a large part cost less each; what is waited for
/// then is not a pause of the source.
final class FactStream {
  /// What comes next.
  enum Arrival {
    /// A row that can be read at once.
    case row
    /// Nothing yet.
    case nothing
    /// No more.
    case end
  }

  /// Rows of a part while the source does not outrun the work.
  private static let usualRows = 4096
  private static let mostRows = 4 << 20
  /// Nanoseconds for which rows are gathered for a part, unless the part before took longer to work off.
  private static let usualTime: UInt64 = 50_000_000
  /// With so many rows a part comes of a dense stream, and a moment's wait matters to none of them. Not many moments: who
  /// gathers for long has more to work off, and gathers for longer the next time. But for a file that comes through a
  /// pipe, of which much comes in little time.
  private static let denseRows = 256
  private static let denseWait = 10
  private static let mostWaiting: UInt64 = 10_000_000
  /// Nanoseconds a row.
  private static let paceOfFiles: UInt64 = 50_000

  private let input: FactInput
  private let isStopped: () -> Bool
  private var limit = usualRows
  private var timeLimit = usualTime
  private var start: UInt64 = 0
  @exclusivity(unchecked) private var rows = 0
  /// Nanoseconds for which rows of the part were waited for.
  @exclusivity(unchecked) private var waited: UInt64 = 0
  /// When the part had to wait first, and how many rows it had then.
  @exclusivity(unchecked) private var firstWait: (at: UInt64, rows: Int)?
  /// How long the part was gathered.
  private var gathered: UInt64 = 0
  /// Whether the last part ended although there was more.
  private var isFull = false
  private var hasEnded = false
  /// Why the input cannot be read any further, once its rows before the fault are worked off.
  private(set) var failure: (any Error)?
  /// The header row of a CSV stream, until a part has told it.
  private var header: [UInt8]?

  /// - Parameter isStopped: whether somebody wants no more; what has arrived completely is still read.
  init(_ input: FactInput, isStopped: @escaping () -> Bool) {
    self.input = input
    self.isStopped = isStopped
    header = input.header
  }

  /// Whether the next part is likely to have many rows.
  var isBulk: Bool { limit > FactStream.usualRows }

  /// Whether anything was read of the part that was begun last.
  var hasRead: Bool { rows > 0 }

  /// Begins a part.
  func begin() {
    rows = 0
    waited = 0
    firstWait = nil
    start = MonotonicClock.nanoseconds
  }

  /// Sets the measure of the next part by the one that was worked off.
  func finish() {
    limit = isFull ? min(limit * 4, FactStream.mostRows) : FactStream.usualRows
    timeLimit = max(FactStream.usualTime, MonotonicClock.nanoseconds - start - gathered)
    isFull = false
  }

  /// Reads the rows of a part.
  func read(
    into sink: RowSink, csv: (CSVColumns) throws -> (CSVReader) throws -> Void, json: (JSONObject) throws -> Void
  ) throws {
    if let header { sink.note(header: header, input.notes) }
    header = nil
    do {
      try input.read(into: sink, csv: csv, json: json, while: goesOn)
    } catch let error as ScoringError {
      failure = error
    } catch let error as SourceError {
      failure = error
      try sink.flush(input.progress)
    }
    gathered = MonotonicClock.nanoseconds - start
  }

  private func goesOn() throws -> Bool {
    if rows >= limit || (rows & 63 == 63 && MonotonicClock.nanoseconds - start > timeLimit) {
      isFull = true
      return false
    }
    input.passBlankLines()
    if !input.hasRow {
      let now = MonotonicClock.nanoseconds
      let first = firstWait ?? (now, rows)
      firstWait = first
      let isPatient =
        rows >= FactStream.denseRows
        && (waited < FactStream.mostWaiting || now - first.at < UInt64(rows - first.rows) * FactStream.paceOfFiles)
      guard try wait(milliseconds: isPatient ? FactStream.denseWait : 0) == .row else { return false }
      waited += MonotonicClock.nanoseconds - now
    }
    rows += 1
    return true
  }

  /// Waits for a row.
  func wait(milliseconds: Int) throws -> Arrival {
    while !hasEnded {
      input.passBlankLines()
      if input.hasRow { return .row }
      if input.sourceEnded || isStopped() { break }
      guard try input.fetch(timeoutMilliseconds: milliseconds) || isStopped() else { return .nothing }
      // The last line of a source that was cut off may lack its end.
      if input.sourceEnded, isStopped() { break }
    }
    hasEnded = true
    return .end
  }
}
