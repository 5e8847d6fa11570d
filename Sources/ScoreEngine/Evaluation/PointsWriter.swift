/// Writes an evaluator's points as they are stored, and remembers for each rule the text of what it gave last: most rules
/// give most leads the same. Not for use by two threads at once.
public final class PointsWriter {
  /// A position and its points, with a comma behind each: its bytes, and how many.
  private struct Pair {
    var points: Int64 = 0
    var text: (UInt64, UInt64) = (0, 0)
    var count = 0
  }

  private let evaluator: LeadEvaluator
  private let pairs: UnsafeMutablePointer<Pair>
  private let pairCount: Int
  /// How many bytes ``write(to:)`` may touch.
  public let capacity: Int

  /// A writer of what an evaluator gives.
  public init(_ evaluator: LeadEvaluator) {
    self.evaluator = evaluator
    pairCount = evaluator.points.count
    pairs = .allocate(capacity: pairCount)
    pairs.initialize(repeating: Pair(), count: pairCount)
    capacity = (evaluator.groupCount + 2 * pairCount) * NumberWriter.longest + 4 * NumberWriter.rest
  }

  deinit { pairs.deallocate() }

  /// Writes what the evaluator's `appendGroups` and `appendRules` append, with a comma in between; returns how many bytes
  /// that is.
  @inline(__always)
  public func write(to target: UnsafeMutablePointer<UInt8>) -> Int {
    var writer = NumberWriter(target: target)
    evaluator.writeGroups(&writer)
    let count = writer.finish()
    target[count] = UInt8(ascii: ",")
    return count + 1 + writeRules(to: target + (count + 1))
  }

  @inline(__always)
  private func writeRules(to target: UnsafeMutablePointer<UInt8>) -> Int {
    target[0] = UInt8(ascii: "[")
    var place = UnsafeMutableRawPointer(target + 1)
    evaluator.forEachGivingRule { index, points in
      let pair = pairs + index
      if pair.pointee.points != points, !learn(pair, index, points) {
        var writer = NumberWriter(target: place.assumingMemoryBound(to: UInt8.self), count: 0)
        writer.add(position: index)
        writer.add(points)
        place += writer.count
        return
      }
      place.storeBytes(of: pair.pointee.text.0, as: UInt64.self)
      place.storeBytes(of: pair.pointee.text.1, toByteOffset: 8, as: UInt64.self)
      place += pair.pointee.count
    }
    // In the place of the last comma.
    let end = place.assumingMemoryBound(to: UInt8.self)
    let count = end - target
    target[count > 1 ? count - 1 : 1] = UInt8(ascii: "]")
    return max(count, 2)
  }

  /// Remembers the text of a pair; false where it is too long for that.
  @inline(never)
  private func learn(_ pair: UnsafeMutablePointer<Pair>, _ index: Int, _ points: Int64) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 2 * NumberWriter.longest + NumberWriter.rest, alignment: 8) { memory in
      guard let base = memory.baseAddress else { return false }
      var writer = NumberWriter(target: base.assumingMemoryBound(to: UInt8.self), count: 0)
      writer.add(position: index)
      writer.add(points)
      guard writer.count <= 16 else { return false }
      pair.pointee = Pair(
        points: points, text: (base.load(as: UInt64.self), base.load(fromByteOffset: 8, as: UInt64.self)),
        count: writer.count)
      return true
    }
  }
}
