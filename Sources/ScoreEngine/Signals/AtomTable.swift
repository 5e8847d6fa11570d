/// The atoms of some conditions, each once: what a condition asks of one field. A set of truths is a mask with a bit for
/// each atom, so conditions over fields whose values are known come down to a few operations on words.
struct AtomTable {
  struct Atom {
    let field: Int
    let matchers: [CompiledMatcher]
    let isTimeDependent: Bool
  }

  private struct Key: Hashable {
    let field: Int
    let matchers: [Matcher]
  }

  private(set) var atoms: [Atom] = []
  private(set) var fieldNumbers: [String: Int] = [:]
  private var numbers: [Key: Int] = [:]
  /// By field: its atoms.
  private(set) var atomsOfField: [[Int]] = []

  /// How many words a mask has; one at least.
  var wordCount: Int { max(1, (atoms.count + 63) / 64) }

  /// The form of a condition that is asked with masks.
  mutating func node(for condition: Condition) -> TruthNode {
    switch condition {
    case .all(let parts): return .all(parts.map { node(for: $0) })
    case .any(let parts): return .any(parts.map { node(for: $0) })
    case .not(let part): return .not(node(for: part))
    case .field(let name, let matchers):
      let field = fieldNumbers[name] ?? fieldNumbers.count
      if field == fieldNumbers.count {
        fieldNumbers[name] = field
        atomsOfField.append([])
      }
      let key = Key(field: field, matchers: matchers)
      if let known = numbers[key] { return .atom(known) }
      let compiled = matchers.map(CompiledMatcher.init)
      atoms.append(
        Atom(field: field, matchers: compiled, isTimeDependent: compiled.contains(where: \.isTimeDependent)))
      numbers[key] = atoms.count - 1
      atomsOfField[field].append(atoms.count - 1)
      return .atom(atoms.count - 1)
    }
  }

  /// Sets the bits of those atoms of a field that its value, or its absence, satisfies. Time-dependent atoms count as
  /// asked in 1970.
  func answer(_ field: Int, _ value: Value?, into mask: UnsafeMutablePointer<UInt64>) {
    let never = Instant(milliseconds: 0)
    for atom in atomsOfField[field] where atoms[atom].matchers.allSatisfy({ $0.holds(value, at: never) }) {
      mask[atom / 64] |= 1 << UInt64(atom % 64)
    }
  }

  /// Sets the bits of all atoms of a field.
  func cover(_ field: Int, in mask: UnsafeMutablePointer<UInt64>) {
    for atom in atomsOfField[field] { mask[atom / 64] |= 1 << UInt64(atom % 64) }
  }
}

/// A condition over atoms.
indirect enum TruthNode {
  case all([TruthNode])
  case any([TruthNode])
  case not(TruthNode)
  case atom(Int)

  /// Whether it holds where the atoms whose bits are set do.
  func holds(_ mask: UnsafePointer<UInt64>) -> Bool {
    switch self {
    case .all(let parts): parts.allSatisfy { $0.holds(mask) }
    case .any(let parts): parts.contains { $0.holds(mask) }
    case .not(let part): !part.holds(mask)
    case .atom(let index): mask[index / 64] >> UInt64(index % 64) & 1 == 1
    }
  }

  /// Calls `body` for each atom.
  func forEachAtom(_ body: (Int) -> Void) {
    switch self {
    case .all(let parts), .any(let parts): for part in parts { part.forEachAtom(body) }
    case .not(let part): part.forEachAtom(body)
    case .atom(let index): body(index)
    }
  }
}

/// What was decided for masks seen before: open addressing, bounded, emptied when it is full.
struct TruthMemo {
  private static let mostEntries = 1 << 15
  private let wordCount: Int
  // By place: the tag, or -1 for a free place; the answer; the mask.
  private var tags: UnsafeMutablePointer<Int32>
  private var answers: UnsafeMutablePointer<Int32>
  private var masks: UnsafeMutablePointer<UInt64>
  private var capacity = 64
  private var count = 0

  init(wordCount: Int) {
    self.wordCount = wordCount
    tags = .allocate(capacity: capacity)
    tags.initialize(repeating: -1, count: capacity)
    answers = .allocate(capacity: capacity)
    answers.initialize(repeating: 0, count: capacity)
    masks = .allocate(capacity: capacity * wordCount)
    masks.initialize(repeating: 0, count: capacity * wordCount)
  }

  /// Gives the memory back; the memo is not used any more.
  func deallocate() {
    tags.deallocate()
    answers.deallocate()
    masks.deallocate()
  }

  @inline(__always)
  private static func mixed(_ state: Int, _ word: UInt64) -> Int {
    let product = (UInt64(bitPattern: Int64(state)) ^ word) &* 0x9E37_79B9_7F4A_7C15
    return Int(truncatingIfNeeded: product ^ product >> 32)
  }

  @inline(__always)
  private func place(_ tag: Int32, _ mask: UnsafePointer<UInt64>) -> Int {
    var state = TruthMemo.mixed(0, UInt64(truncatingIfNeeded: tag))
    for word in 0..<wordCount { state = TruthMemo.mixed(state, mask[word]) }
    var index = state & (capacity &- 1)
    while tags[index] != -1 {
      if tags[index] == tag, isEqual(index, mask) { break }
      index = (index &+ 1) & (capacity &- 1)
    }
    return index
  }

  @inline(__always)
  private func isEqual(_ index: Int, _ mask: UnsafePointer<UInt64>) -> Bool {
    for word in 0..<wordCount where masks[index &* wordCount &+ word] != mask[word] { return false }
    return true
  }

  /// The answer for a mask under a tag, which is not negative; -1 where none is known.
  @inline(__always)
  func answer(_ tag: Int32, _ mask: UnsafePointer<UInt64>) -> Int32 {
    let index = place(tag, mask)
    return tags[index] == -1 ? -1 : answers[index]
  }

  /// The same for a mask of one word.
  @inline(__always)
  func answer(_ tag: Int32, word: UInt64) -> Int32 {
    var index = TruthMemo.mixed(TruthMemo.mixed(0, UInt64(truncatingIfNeeded: tag)), word) & (capacity &- 1)
    while tags[index] != -1 {
      if tags[index] == tag, masks[index] == word { return answers[index] }
      index = (index &+ 1) & (capacity &- 1)
    }
    return -1
  }

  /// Whether there is no room for more: all answers are to be forgotten first.
  var isFull: Bool { count >= TruthMemo.mostEntries }

  mutating func removeAll() {
    tags.update(repeating: -1, count: capacity)
    count = 0
  }

  /// Keeps an answer for a mask that has none.
  mutating func insert(_ tag: Int32, _ mask: UnsafePointer<UInt64>, _ answer: Int32) {
    if count * 2 >= capacity { grow() }
    put(tag, mask, answer)
    count += 1
  }

  private func put(_ tag: Int32, _ mask: UnsafePointer<UInt64>, _ answer: Int32) {
    let index = place(tag, mask)
    tags[index] = tag
    answers[index] = answer
    for word in 0..<wordCount { masks[index * wordCount + word] = mask[word] }
  }

  private mutating func grow() {
    let old = self
    let oldCapacity = capacity
    capacity *= 2
    tags = .allocate(capacity: capacity)
    tags.initialize(repeating: -1, count: capacity)
    answers = .allocate(capacity: capacity)
    answers.initialize(repeating: 0, count: capacity)
    masks = .allocate(capacity: capacity * wordCount)
    masks.initialize(repeating: 0, count: capacity * wordCount)
    for index in 0..<oldCapacity where old.tags[index] != -1 {
      put(old.tags[index], old.masks + index * wordCount, old.answers[index])
    }
    old.deallocate()
  }
}
