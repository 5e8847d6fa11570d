/// What single rules make of a lead's record at an instant, and when that changes next.
struct RuleArithmetic {
  let record: SignalRecord.View
  /// `T`, in milliseconds.
  let instant: Int64
  let decaySteps: UnsafeBufferPointer<FlatRules.DecayStep>
  /// The earliest instant after `T` at which anything looked at so far may change.
  var nextChange = Int64.max

  @inline(__always)
  mutating func mayChange(at edge: Int64) {
    // Without a branch.
    nextChange = Swift.min(nextChange, edge > instant ? edge : Int64.max)
  }

  /// The truth of a condition's slot; notes when it turns over next.
  @inline(__always)
  mutating func holds(_ slot: Int) -> Bool {
    let start = record.starts[slot]
    let end = record.starts[slot &+ 1]
    return start == end ? record.initials[slot] : holds(slot, start, end)
  }

  /// The same as a number, 1 where the condition holds.
  @inline(__always)
  mutating func truth(_ slot: Int) -> UInt8 {
    let start = record.starts[slot]
    let end = record.starts[slot &+ 1]
    if start != end { return holds(slot, start, end) ? 1 : 0 }
    return UnsafeRawPointer(record.initials).load(fromByteOffset: slot, as: UInt8.self)
  }

  @inline(never)
  private mutating func holds(_ slot: Int, _ start: Int, _ end: Int) -> Bool {
    var truth = record.initials[slot]
    for index in start..<end {
      let toggle = record.values[index]
      if toggle > instant {
        mayChange(at: toggle)
        break
      }
      truth.toggle()
    }
    return truth
  }

  /// A rule's points for its events, which are all of the slot's or those of a dated one that match.
  @inline(__always)
  mutating func points(
    _ rule: UnsafePointer<FlatRules.Rule>, _ events: UnsafePointer<Int64>, _ total: Int
  ) -> Int64 {
    var count = total
    if total > 0, events[total &- 1] > instant {
      count = index(in: events, from: 0, to: total, after: instant)
      mayChange(at: events[count])
    }
    if rule.pointee.kind == .silence {
      return silence(rule, lastEvent: count > 0 ? events[count &- 1] : record.createdAt)
    }
    if count == 0 { return 0 }
    return rule.pointee.isOncePer ? pointsOncePer(rule, events, count) : pointsOfAll(rule, events, count)
  }

  /// A silence's points for its events.
  @inline(__always)
  mutating func silence(
    _ rule: UnsafePointer<FlatRules.Rule>, _ events: UnsafePointer<Int64>, _ total: Int
  ) -> Int64 {
    let last = total > 0 ? events[total &- 1] : record.createdAt
    return total > 0 && last > instant ? pointsOfAny(rule, events, total) : silence(rule, lastEvent: last)
  }

  @inline(never)
  private mutating func pointsOfAny(
    _ rule: UnsafePointer<FlatRules.Rule>, _ events: UnsafePointer<Int64>, _ total: Int
  ) -> Int64 {
    points(rule, events, total)
  }

  @inline(__always)
  private mutating func silence(_ rule: UnsafePointer<FlatRules.Rule>, lastEvent: Int64) -> Int64 {
    let span = rule.pointee.within
    let age = Swift.max(instant &- lastEvent, 0)
    let spans = RuleArithmetic.quotient(age, span, rule.pointee.inverse)
    // Without branches: how long a silence lasts cannot be foretold.
    let counted = Swift.min(spans, Int64(rule.pointee.limit))
    let next = lastEvent &+ (counted &+ 1) &* span
    mayChange(at: counted == spans && counted < rule.pointee.limit ? next : Int64.min)
    return rule.pointee.points.multipliedSaturated(by: counted)
  }

  /// `every` and `when` over events of which none is dropped for another of its hour, day or week.
  @inline(__always)
  private mutating func pointsOfAll(
    _ rule: UnsafePointer<FlatRules.Rule>, _ events: UnsafePointer<Int64>, _ count: Int
  ) -> Int64 {
    let within = rule.pointee.within
    let limit = rule.pointee.limit
    // T − occurred_at < within
    let cut = within == Int64.max ? Int64.min : instant &- within
    var first = limit < count ? count &- limit : 0
    if rule.pointee.kind == .when {
      guard count >= limit, events[first] > cut else { return 0 }
      if within != Int64.max { mayChange(at: events[first] &+ within) }
      return rule.pointee.points
    }
    guard first < count else { return 0 }
    if events[first] <= cut {
      first = firstIndex(in: events, from: first &+ 1, to: count, after: cut)
      if first == count { return 0 }
    }
    if within != Int64.max { mayChange(at: events[first] &+ within) }
    if rule.pointee.decayEvery == 0 { return rule.pointee.points.multipliedSaturated(by: Int64(count &- first)) }
    var sum: Int64 = 0
    var index = count &- 1
    while index >= first, let worth = decayed(rule, events[index]) {
      sum += worth
      index &-= 1
    }
    return sum
  }

  /// `every` and `when` over the first event of each hour, day or week: from the newest back.
  @inline(never)
  private mutating func pointsOncePer(
    _ rule: UnsafePointer<FlatRules.Rule>, _ events: UnsafePointer<Int64>, _ count: Int
  ) -> Int64 {
    let within = rule.pointee.within
    let limit = rule.pointee.limit
    let cut = within == Int64.max ? Int64.min : instant &- within
    let isDecaying = rule.pointee.decayEvery > 0
    var isAlive = isDecaying
    var kept = 0
    var oldest: Int64 = 0
    var sum: Int64 = 0
    var index = count &- 1
    var start = rule.pointee.oncePer.start(of: events[index])
    while index >= 0, kept < limit {
      let event = events[index]
      if event <= cut { break }
      index &-= 1
      // Not the first where an event before it is not before the start of its hour, day or week.
      if index >= 0 {
        if events[index] >= start { continue }
        start = rule.pointee.oncePer.start(of: events[index])
      }
      kept &+= 1
      oldest = event
      if isAlive {
        if let worth = decayed(rule, event) { sum += worth } else { isAlive = false }
      }
    }
    if kept == 0 { return 0 }
    if rule.pointee.kind == .when {
      guard kept == limit else { return 0 }
      if within != Int64.max { mayChange(at: oldest &+ within) }
      return rule.pointee.points
    }
    if within != Int64.max { mayChange(at: oldest &+ within) }
    return isDecaying ? sum : rule.pointee.points.multipliedSaturated(by: Int64(kept))
  }

  /// The worth of one event under a decay; nil where it is nothing for good, as for all earlier ones.
  @inline(__always)
  private mutating func decayed(_ rule: UnsafePointer<FlatRules.Rule>, _ event: Int64) -> Int64? {
    let step = RuleArithmetic.quotient(instant &- event, rule.pointee.decayEvery, rule.pointee.inverse)
    guard step < rule.pointee.decayCount else { return nil }
    let entry = decaySteps[rule.pointee.decayStart &+ Int(step)]
    mayChange(at: event &+ entry.end)
    return entry.worth
  }

  /// The instants of a dated slot's events that match as of `T`, and of later ones, which are never skipped.
  mutating func collectMatching(_ slot: Int, into matching: inout [Int64]) {
    matching.removeAll(keepingCapacity: true)
    let values = record.values
    var position = record.starts[slot]
    while position < record.starts[slot + 1] {
      let header = values[position + 1]
      let end = position + 2 + Int(header >> 1)
      var truth = header & 1 == 1
      for index in (position + 2)..<end {
        if values[index] > instant {
          mayChange(at: values[index])
          break
        }
        truth.toggle()
      }
      if truth || values[position] > instant { matching.append(values[position]) }
      position = end
    }
  }

  /// The index of the first instant after `bound`, from `low` on. O(log n), and sooner the fewer there are.
  @inline(__always)
  private func firstIndex(in events: UnsafePointer<Int64>, from low: Int, to high: Int, after bound: Int64) -> Int {
    // Few of a lead's events are of late.
    var place = high
    let near = max(low, high &- 4)
    while place > near, events[place &- 1] > bound { place &-= 1 }
    return place > near || near == low ? place : index(in: events, from: low, to: near, after: bound)
  }

  /// The index of the first instant after `bound`, from `low` on. O(log n)
  @inline(__always)
  private func index(in events: UnsafePointer<Int64>, from low: Int, to high: Int, after bound: Int64) -> Int {
    var low = low
    var high = high
    while low < high {
      let middle = (low &+ high) &>> 1
      if events[middle] <= bound { low = middle &+ 1 } else { high = middle }
    }
    return low
  }

  /// `age / span` for an age that is not negative; a multiplication is a fraction of a division's time.
  ///
  /// - Parameter inverse: 2^64 - 1 over the span, rounded down.
  @inline(__always)
  static func quotient(_ age: Int64, _ span: Int64, _ inverse: UInt64) -> Int64 {
    // Ages are far below 2^63, so the product is one too small at most.
    let quotient = Int64(bitPattern: UInt64(bitPattern: age).multipliedFullWidth(by: inverse).high)
    return quotient &+ (age &- quotient &* span >= span ? 1 : 0)
  }
}

extension OncePer {
  /// The first instant of the UTC hour, day or ISO week that an instant lies in.
  @inline(__always)
  func start(of instant: Int64) -> Int64 {
    switch self {
    case .hour: return instant.flooredQuotient(3_600_000) &* 3_600_000
    case .day: return instant.flooredQuotient(86_400_000) &* 86_400_000
    // 1970-01-01 was a Thursday; ISO weeks begin on Mondays.
    case .week:
      let sinceMonday: Int64 = 3 * 86_400_000
      return (instant &+ sinceMonday).flooredQuotient(604_800_000) &* 604_800_000 &- sinceMonday
    }
  }

  /// The number of the UTC hour, day or ISO week that an instant lies in.
  @inline(__always)
  func number(of instant: Int64) -> Int64 {
    switch self {
    case .hour: instant.flooredQuotient(3_600_000)
    case .day: instant.flooredQuotient(86_400_000)
    case .week: (instant + 3 * 86_400_000).flooredQuotient(604_800_000)
    }
  }
}
