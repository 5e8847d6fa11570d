/// A statement that inserts several rows in one run. Beginning and ending a run takes half of the time of a narrow row.
final class ManyRowInsertion {
  /// How many rows a run inserts.
  static let rows = 64

  let statement: Statement
  /// How many values a row has.
  let columns: Int32

  /// - Parameters:
  ///   - head: the statement up to its VALUES.
  ///   - columns: how many values a row has, all of them parameters.
  init(_ connection: Connection, _ head: String, columns: Int32) throws(DatabaseError) {
    self.columns = columns
    let row = "(" + repeatElement("?", count: Int(columns)).joined(separator: ", ") + ")"
    statement = try connection.prepare(
      head + " VALUES " + repeatElement(row, count: ManyRowInsertion.rows).joined(separator: ", "))
  }
}
