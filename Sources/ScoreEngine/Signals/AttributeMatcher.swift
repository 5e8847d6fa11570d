/// Finds when the attribute conditions of a pack hold for a lead.
///
/// Fields are numbers, the places in ``fields``; values that recur are judged once and known by a number from then on.
/// Not for use by two threads at once.
public final class AttributeMatcher {
  private struct Question {
    let slot: Int
    let node: TruthNode
    let condition: CompiledCondition
    /// The fields whose values decide when the truth turns over; none for a condition without regard to time.
    let datedFields: [Int]
  }

  /// What is known of a field's values.
  private struct FieldState {
    let mask: UnsafeMutablePointer<UInt64>
    /// By value number: the mask of the atoms that it satisfies.
    var answers: UnsafeMutablePointer<UInt64>
    var count = 0
    var capacity = 0
  }

  /// The names of the attributes that any condition asks for.
  public let fields: [String]
  private let table: AtomTable
  private let questions: [Question]
  private let wordCount: Int
  private let states: UnsafeMutablePointer<FieldState>
  /// Whether a condition that time changes asks for the field, so that its value is needed again.
  private let isValueKept: [Bool]
  private let keepsValues: Bool
  private let absent: UnsafeMutablePointer<UInt64>
  private let truth: UnsafeMutablePointer<UInt64>
  private let scratch: UnsafeMutablePointer<UInt64>
  @exclusivity(unchecked) private var memo: TruthMemo
  // A bit for each question, for each combination of truths seen.
  private let resultWords: Int
  @exclusivity(unchecked) private var results: [UInt64] = []
  // For fields whose values are kept: values by number, and the value of the lead at hand.
  @exclusivity(unchecked) private var keptValues: [[Value?]]
  @exclusivity(unchecked) private var current: [Value?]
  @exclusivity(unchecked) private var hasCurrent = false

  /// A matcher for the conditions among the definitions of a pack.
  public init(definitions: [SignalDefinition]) {
    var table = AtomTable()
    var questions: [Question] = []
    for (slot, definition) in definitions.enumerated() {
      guard case .condition(let condition) = definition.question else { continue }
      let node = table.node(for: condition)
      var dated: Set<Int> = []
      node.forEachAtom { if table.atoms[$0].isTimeDependent { dated.insert(table.atoms[$0].field) } }
      questions.append(
        Question(
          slot: slot, node: node, condition: CompiledCondition(condition), datedFields: dated.sorted()))
    }
    self.table = table
    self.questions = questions
    fields = table.fieldNumbers.sorted { $0.value < $1.value }.map(\.key)
    wordCount = table.wordCount
    absent = .allocate(capacity: wordCount)
    absent.initialize(repeating: 0, count: wordCount)
    truth = .allocate(capacity: wordCount)
    truth.initialize(repeating: 0, count: wordCount)
    scratch = .allocate(capacity: wordCount)
    scratch.initialize(repeating: 0, count: wordCount)
    states = .allocate(capacity: max(1, fields.count))
    for field in fields.indices {
      table.answer(field, nil, into: absent)
      let mask = UnsafeMutablePointer<UInt64>.allocate(capacity: wordCount)
      mask.initialize(repeating: 0, count: wordCount)
      table.cover(field, in: mask)
      (states + field).initialize(to: FieldState(mask: mask, answers: .allocate(capacity: 1)))
    }
    truth.update(from: absent, count: wordCount)
    var isValueKept = fields.map { _ in false }
    for question in questions where !question.datedFields.isEmpty {
      question.node.forEachAtom { isValueKept[table.atoms[$0].field] = true }
    }
    self.isValueKept = isValueKept
    keepsValues = isValueKept.contains(true)
    keptValues = fields.map { _ in [] }
    current = fields.map { _ in nil }
    resultWords = max(1, (questions.count + 63) / 64)
    memo = TruthMemo(wordCount: wordCount)
  }

  deinit {
    for field in fields.indices {
      states[field].mask.deallocate()
      states[field].answers.deallocate()
    }
    states.deallocate()
    absent.deallocate()
    truth.deallocate()
    scratch.deallocate()
    memo.deallocate()
  }

  /// Whether no definition looks at attributes.
  public var isEmpty: Bool { questions.isEmpty }

  /// Starts over for another lead, which has no attributes so far.
  public func begin() {
    truth.update(from: absent, count: wordCount)
    guard hasCurrent else { return }
    for field in current.indices { current[field] = nil }
    hasCurrent = false
  }

  /// Gives the next number of a field's values to a value, or to what is no value (nil): the first one is 0.
  public func remember(_ value: Value?, ofField field: Int) -> Int {
    let number = states[field].count
    if number == states[field].capacity {
      let capacity = max(16, number * 2)
      let grown = UnsafeMutablePointer<UInt64>.allocate(capacity: capacity * wordCount)
      grown.initialize(repeating: 0, count: capacity * wordCount)
      grown.update(from: states[field].answers, count: number * wordCount)
      states[field].answers.deallocate()
      states[field].answers = grown
      states[field].capacity = capacity
    }
    table.answer(field, value, into: states[field].answers + number * wordCount)
    states[field].count = number + 1
    if isValueKept[field] { keptValues[field].append(value) }
    return number
  }

  /// Gives the lead at hand an attribute whose value has a number.
  public func set(field: Int, number: Int) {
    let mask = states[field].mask
    let answers = states[field].answers + number &* wordCount
    for word in 0..<wordCount { truth[word] = truth[word] & ~mask[word] | answers[word] }
    if keepsValues, isValueKept[field] { setCurrent(field, keptValues[field][number]) }
  }

  /// Gives the lead at hand an attribute.
  public func set(field: Int, value: Value?) {
    scratch.update(repeating: 0, count: wordCount)
    table.answer(field, value, into: scratch)
    let mask = states[field].mask
    for word in 0..<wordCount { truth[word] = truth[word] & ~mask[word] | scratch[word] }
    if isValueKept[field] { setCurrent(field, value) }
  }

  private func setCurrent(_ field: Int, _ value: Value?) {
    current[field] = value
    hasCurrent = true
  }

  // MARK: Answers

  /// Where the answers for the lead at hand begin.
  func decide() -> Int {
    let known = memo.answer(0, truth)
    return Int(known >= 0 ? known : decideAnew())
  }

  @inline(never)
  private func decideAnew() -> Int32 {
    if memo.isFull {
      memo.removeAll()
      results.removeAll(keepingCapacity: true)
    }
    let start = results.count
    results.append(contentsOf: repeatElement(0, count: resultWords))
    for (index, question) in questions.enumerated() where question.node.holds(truth) {
      results[start + index / 64] |= 1 << UInt64(index % 64)
    }
    memo.insert(0, truth, Int32(start))
    return Int32(start)
  }

  /// Adds the slot of the `index`th condition to a record, from the answers that begin at `place`.
  @inline(__always)
  func append(_ index: Int, from place: Int, to memory: RecordMemory) {
    if hasCurrent, turns(index) {
      appendTimeline(index, to: memory)
    } else {
      // Where no dated field is there, time changes nothing.
      memory.appendSlot(truth: results[place &+ index &>> 6] &>> UInt64(index & 63) & 1 == 1)
    }
  }

  private func turns(_ index: Int) -> Bool { questions[index].datedFields.contains { current[$0] != nil } }

  @inline(never)
  private func appendTimeline(_ index: Int, to memory: RecordMemory) {
    let question = questions[index]
    memory.appendSlot(
      timeline: question.condition.timeline(
        { name in
          guard let field = self.table.fieldNumbers[name] else { return nil }
          return self.current[field]
        }))
  }
}
