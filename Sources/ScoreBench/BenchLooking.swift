import Foundation

/// What the looks at single leads need.
enum BenchLooking {
  /// Eight more rows of history for each lead, a week apart, each lead at its own moment of the week. They join up, and the
  /// last one has the score that is stored.
  static let history = """
    WITH RECURSIVE week(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM week WHERE n < 8)
    INSERT INTO score_history (model_id, lead_id, at, recorded_at, before, after, stage_before, stage_after, grade_after,
      cause, version)
    SELECT model_id, lead_id, scored_at + n * 604800000 + lead_id * 7919 % 604800 * 1000, scored_at,
      score + (n - 1) % 2, score + n % 2, stage, stage, grade, 'time', version
    FROM week CROSS JOIN lead_score
    """

  /// An hour in the middle of them.
  static let hour = (from: "2026-12-01T12:00:00Z", to: "2026-12-01T13:00:00Z")

  /// The same hour for the shell of SQLite.
  static let rowsOfTheHour = """
    SELECT * FROM score_history
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
