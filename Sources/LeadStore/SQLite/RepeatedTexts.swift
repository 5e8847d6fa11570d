/// Binds texts that are often the same from one run of a statement to the next, and then stay bound.
///
/// All binding of these parameters must go through here.
struct RepeatedTexts {
  private let first: Int32
  private var last: [String?]
  private var isBound: [Bool]

  /// For the parameters with these numbers.
  init(from first: Int32, through final: Int32) {
    self.first = first
    last = Array(repeating: nil, count: Int(final - first) + 1)
    isBound = Array(repeating: false, count: Int(final - first) + 1)
  }

  /// Binds a text, or NULL.
  @inline(__always)
  mutating func bind(_ index: Int32, _ value: String?, to statement: borrowing Statement) throws(DatabaseError) {
    let slot = Int(index - first)
    if isBound[slot], last[slot] == value { return }
    try statement.bind(index, value)
    last[slot] = value
    isBound[slot] = true
  }
}
