import Foundation

/// What the looks at single leads need.
enum BenchLooking {
  /// The clock is advanced to each of these instants, so that eight weeks of decay and windows stand in the history.
  static let weeks = [
    "2026-11-08T00:00:00Z", "2026-11-15T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-29T00:00:00Z",
    "2026-12-06T00:00:00Z", "2026-12-13T00:00:00Z", "2026-12-20T00:00:00Z", "2026-12-27T00:00:00Z",
  ]

  /// The last of them.
  static let end = "2026-12-27T00:00:00Z"

  /// An hour in the middle of them.
  static let hour = (from: "2026-12-01T12:00:00Z", to: "2026-12-01T13:00:00Z")

  /// The same rows in a bare table with an index by time, in a file of its own.
  static func bareHistory(from path: String) -> String {
    """
    ATTACH '\(path)' AS long;
    CREATE TABLE history AS SELECT * FROM long.score_history;
    CREATE INDEX history_by_time ON history (at);
    """
  }

  /// The same hour for the shell of SQLite.
  static let rowsOfTheHour = """
    SELECT * FROM history
    WHERE at BETWEEN unixepoch('\(hour.from)') * 1000 AND unixepoch('\(hour.to)') * 1000 ORDER BY at LIMIT 50
    """

  /// The key of a lead that stands in the middle of a file with a key at the beginning of each line.
  static func key(inTheMiddleOf path: String) throws -> String {
    guard let file = FileHandle(forReadingAtPath: path) else { throw BenchProblem(description: "cannot read \(path)") }
    defer { try? file.close() }
    let size = try file.seekToEnd()
    try file.seek(toOffset: size / 2)
    let text = String(decoding: try file.read(upToCount: 4096) ?? Data(), as: UTF8.self)
    guard let line = text.split(separator: "\n").dropFirst().first, let key = line.split(separator: ",").first else {
      throw BenchProblem(description: "\(path) has no lines")
    }
    return String(key)
  }
}
