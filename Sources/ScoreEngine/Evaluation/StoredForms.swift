extension LeadEvaluator {
  /// Appends the groups' scores as they are stored: a JSON array of hundredths by position.
  public func appendGroups(to bytes: inout [UInt8]) {
    LeadEvaluator.withArray(of: groupCount) {
      writeGroups(&$0)
    } then: {
      bytes.append(contentsOf: $0)
    }
  }

  /// Appends the rules' points as they are stored: a JSON array of the positions and hundredths of those that give other
  /// than 0.
  public func appendRules(to bytes: inout [UInt8]) {
    LeadEvaluator.withArray(of: points.count * 2) {
      writeRules(&$0)
    } then: {
      bytes.append(contentsOf: $0)
    }
  }

  /// Whether ``appendGroups(to:)`` gives a text.
  public func isGroups(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    LeadEvaluator.withArray(of: groupCount) {
      writeGroups(&$0)
    } then: {
      LeadEvaluator.isSame($0, text)
    }
  }

  /// Whether ``appendRules(to:)`` gives a text.
  public func isRules(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    LeadEvaluator.withArray(of: points.count * 2) {
      writeRules(&$0)
    } then: {
      LeadEvaluator.isSame($0, text)
    }
  }

  @inline(__always)
  func writeGroups(_ writer: inout NumberWriter) {
    for index in 0..<groupCount { writer.add(sums[index]) }
  }

  @inline(__always)
  private func writeRules(_ writer: inout NumberWriter) {
    forEachGivingRule { index, points in
      writer.add(position: index)
      writer.add(points)
    }
  }

  /// Calls `body` with the position and the points of each rule that gives other than 0.
  @inline(__always)
  func forEachGivingRule(_ body: (Int, Int64) -> Void) {
    var first = 0
    while first < points.count {
      // Which of the next rules give anything cannot be foretold, so there is no branch for each.
      let end = min(first &+ 64, points.count)
      var giving: UInt64 = 0
      for index in first..<end { giving |= (points[index] == 0 ? 0 : 1) &<< UInt64(index &- first) }
      while giving != 0 {
        let index = first &+ giving.trailingZeroBitCount
        giving &= giving &- 1
        body(index, points[index])
      }
      first = end
    }
  }

  /// Lends a JSON array of up to so many numbers.
  @inline(__always)
  private static func withArray<Result>(
    of count: Int, _ write: (inout NumberWriter) -> Void, then body: (UnsafeBufferPointer<UInt8>) -> Result
  ) -> Result {
    let capacity = count * NumberWriter.longest + NumberWriter.rest
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: capacity) { target in
      // Never empty.
      guard let base = target.baseAddress else { return body(UnsafeBufferPointer(target)) }
      var writer = NumberWriter(target: base)
      write(&writer)
      return body(UnsafeBufferPointer(start: base, count: writer.finish()))
    }
  }

  /// Eight bytes at a time.
  @inline(__always)
  private static func isSame(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Bool {
    guard left.count == right.count, let a = left.baseAddress, let b = right.baseAddress else { return false }
    var index = 0
    while index &+ 8 <= left.count {
      if VariableLength.word(a + index) != VariableLength.word(b + index) { return false }
      index &+= 8
    }
    while index < left.count {
      if a[index] != b[index] { return false }
      index &+= 1
    }
    return true
  }
}

/// Writes a JSON array of numbers into memory that is large enough.
struct NumberWriter {
  /// The most bytes that a number takes, with a comma.
  static let longest = 21
  /// Room for the brackets, and for bytes behind the last digit, which may be written.
  static let rest = 10

  private let target: UnsafeMutablePointer<UInt8>
  private(set) var count: Int

  /// Begins an array.
  init(target: UnsafeMutablePointer<UInt8>) {
    self.target = target
    target[0] = UInt8(ascii: "[")
    count = 1
  }

  /// Goes on within an array.
  init(target: UnsafeMutablePointer<UInt8>, count: Int) {
    self.target = target
    self.count = count
  }

  /// Adds the decimal digits, behind a minus sign where there is need of one, with a comma behind them.
  @inline(__always)
  mutating func add(_ number: Int64) {
    target[count] = UInt8(ascii: "-")
    count &+= number < 0 ? 1 : 0
    let size = number.magnitude
    guard size < 100_000_000 else { return addLong(size) }
    // Two fours of digits, four pairs, eight digits, the first one lowest.
    let fours = size / 10_000
    var digits = fours | (size &- fours &* 10_000) &<< 32
    let pairs = ((digits &* 10_486) &>> 20) & 0x0000_007F_0000_007F
    digits = pairs | (digits &- pairs &* 100) &<< 16
    let ones = ((digits &* 103) &>> 10) & 0x000F_000F_000F_000F
    digits = ones | (digits &- ones &* 10) &<< 8
    let zeros = min(digits.trailingZeroBitCount &>> 3, 7)
    let text = (digits | 0x3030_3030_3030_3030) &>> UInt64(zeros &* 8)
    UnsafeMutableRawPointer(target + count).storeBytes(of: text.littleEndian, as: UInt64.self)
    count &+= 8 &- zeros
    put(UInt8(ascii: ","))
  }

  /// Adds a number that is not negative and most often has two digits at most.
  @inline(__always)
  mutating func add(position: Int) {
    guard position < 100 else { return add(Int64(position)) }
    let tens = (position &* 103) &>> 10
    let zeros = tens == 0 ? 1 : 0
    let text = (tens | (position &- tens &* 10) &<< 8 | Int(UInt8(ascii: ",")) &<< 16) | 0x3030
    UnsafeMutableRawPointer(target + count).storeBytes(
      of: UInt32(truncatingIfNeeded: text &>> (zeros &* 8)).littleEndian, as: UInt32.self)
    count &+= 3 &- zeros
  }

  @inline(never)
  private mutating func addLong(_ size: UInt64) {
    var rest = size
    // Nineteen at most.
    var digits = 1
    var bound: UInt64 = 10
    while digits < 19, rest >= bound {
      digits &+= 1
      bound &*= 10
    }
    var index = count &+ digits
    while index > count {
      index &-= 1
      let quotient = rest / 10
      target[index] = UInt8(truncatingIfNeeded: rest &- quotient &* 10) &+ 48
      rest = quotient
    }
    count &+= digits
    put(UInt8(ascii: ","))
  }

  @inline(__always)
  private mutating func put(_ byte: UInt8) {
    target[count] = byte
    count &+= 1
  }

  /// Ends the array; returns how many bytes it has.
  mutating func finish() -> Int {
    // In the place of the last comma.
    if count > 1 { count &-= 1 }
    put(UInt8(ascii: "]"))
    return count
  }
}
