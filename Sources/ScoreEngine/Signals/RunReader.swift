/// Reads the numbers of a packed record that stand slot by slot: most often those of an earlier program, so in the plainest
/// way.
struct RunReader {
  var place: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>
  /// Of the numbers in runs, in milliseconds.
  let unit: Int64
  var isDamaged = false

  /// No fact and no edge lies farther from 1970, so sums of instants and durations stay in range.
  static let farthestInstant: Int64 = 1 << 55

  @inline(__always)
  static func isFar(_ value: Int64) -> Bool {
    UInt64(bitPattern: value &+ farthestInstant) > UInt64(farthestInstant) << 1
  }

  mutating func number() -> UInt64 { VariableLength.read(&place, end, &isDamaged) }

  /// Reads so many rising numbers, the first one and the differences between them.
  ///
  /// - Parameters:
  ///   - values: has room for one for each byte.
  ///   - start: where the first one goes.
  /// - Returns: the index behind the last one.
  mutating func readRun(_ length: UInt64, into values: UnsafeMutablePointer<Int64>, at start: Int) -> Int {
    // A damaged length cannot ask for more than the record has.
    guard end >= place, length <= UInt64(end - place) else {
      isDamaged = true
      return start
    }
    var last: Int64 = 0
    for index in start..<(start + Int(length)) {
      let number = number()
      let units = index == start ? VariableLength.unzigzag(number) : Int64(clamping: number)
      let (step, isTooLarge) = units.multipliedReportingOverflow(by: unit)
      let (value, isBeyond) = last.addingReportingOverflow(step)
      if isTooLarge || isBeyond || RunReader.isFar(value) { isDamaged = true }
      if isDamaged { return index }
      values[index] = value
      last = value
    }
    return start + Int(length)
  }

  /// Reads events, each with the timeline of whether it matches; returns the index behind the last number.
  mutating func readDated(into values: UnsafeMutablePointer<Int64>, at start: Int) -> Int {
    var count = start
    var instant: Int64 = 0
    var events = number()
    while events > 0, !isDamaged {
      events -= 1
      instant &+= VariableLength.unzigzag(number())
      if RunReader.isFar(instant) { isDamaged = true }
      let header = number()
      guard !isDamaged, header >> 1 <= UInt64(end - place) else {
        isDamaged = true
        break
      }
      values[count] = instant
      values[count + 1] = Int64(bitPattern: header)
      count = readRun(header >> 1, into: values, at: count + 2)
    }
    return count
  }
}
