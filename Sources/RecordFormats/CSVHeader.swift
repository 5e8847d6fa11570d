/// The first row of a CSV file that names its columns.
public struct CSVHeader: Equatable, Sendable {
  /// The columns' names as they stand, in order. A column may have an empty name.
  public let names: [String]
  /// The physical line of the header row.
  public let line: Int

  /// Reads the header row.
  ///
  /// Throws `CSVError` for an empty file, a header that names a column twice or is not well formed, and what
  /// `CSVReader.next()` throws.
  public init(reading reader: CSVReader) throws {
    guard try reader.next() else {
      throw CSVError(kind: .emptyFile, line: 1, message: "the file is empty; its first row must name the columns")
    }
    if let problem = reader.problem {
      throw CSVError(kind: .badHeader, line: problem.line, message: problem.message)
    }
    if reader.fieldCount == 1, reader.isBlank {
      throw CSVError(
        kind: .emptyFile, line: reader.line, message: "the first line is blank; it must name the columns")
    }
    names = (0..<reader.fieldCount).map { reader.string($0) }
    line = reader.line
    let repeated = Self.repeatedNames(names)
    if !repeated.isEmpty {
      throw CSVError(
        kind: .badHeader, line: line, message: "the header names a column more than once: \(Self.list(repeated))")
    }
  }

  /// The position of the column of this name.
  public func index(of name: String) -> Int? { names.firstIndex(of: name) }

  /// Those of the expected columns that the header lacks, in their order.
  public func missing(_ expected: [String]) -> [String] {
    expected.filter { !names.contains($0) }
  }

  /// Throws `CSVError` where an expected column is missing, naming all that are.
  public func require(_ expected: [String]) throws(CSVError) {
    let missing = missing(expected)
    if missing.isEmpty { return }
    throw CSVError(
      kind: .badHeader, line: line,
      message: "the header lacks \(missing.count == 1 ? "the column" : "the columns") \(Self.list(missing)); "
        + "it has \(Self.list(names))")
  }

  /// What is wrong with the reader's current row: its own problem, or another number of cells than the header.
  public func problem(in reader: CSVReader) -> CSVProblem? {
    if let problem = reader.problem { return problem }
    let count = reader.fieldCount
    if count == names.count { return nil }
    let cells = count == 1 ? "1 cell" : "\(count) cells"
    return CSVProblem(line: reader.line, message: "row has \(cells), the header \(names.count)")
  }

  private static func repeatedNames(_ names: [String]) -> [String] {
    var seen: Set<String> = []
    var repeated: [String] = []
    for name in names where !name.isEmpty && !seen.insert(name).inserted && !repeated.contains(name) {
      repeated.append(name)
    }
    return repeated
  }

  private static func list(_ names: [String]) -> String {
    names.map { "\"\($0)\"" }.joined(separator: ", ")
  }
}
