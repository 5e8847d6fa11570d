internal import ScoreEngine

/// What a part of a rule or of a group took from the points that there would be without it.
public struct Deduction: Sendable, Equatable {
  /// What takes points away.
  public enum Part: String, Sendable {
    /// Only the first event in each hour, day or week counts.
    case oncePer = "once_per"
    /// Events are too old.
    case within
    /// More recent events fill the number.
    case limit
    /// Events lose worth with age.
    case decay
    /// More silent spans than count.
    case `repeat`
    /// The condition does not hold.
    case condition = "if"
    /// Only the highest part of a group counts.
    case highest
    /// The least that a group or the score can be: it gives, so its points are negative.
    case min
    /// The most that a group or the score can be.
    case max
  }

  public var part: Part
  /// How many events it concerns, or spans of silence; 0 where there is nothing to count.
  public var count: Int64
  /// Hundredths. Under `when`, whose points come all together, other than 0 only for the part that made the number of
  /// events fall short.
  public var points: Int64
}

extension RuleLedger {
  /// What the rule would give if nothing were taken away, and what each of its parts takes, in their order: the first
  /// less the sum of the others is what the rule gives.
  ///
  /// - Parameter isOpen: whether the rule's `if` holds.
  func deductions(of rule: Rule, at instant: Int64, isOpen: Bool) -> (full: Int64, [Deduction]) {
    let worth = rule.points.hundredths
    let matching = entries.filter { $0.loss != .future }
    func count(_ loss: Loss) -> Int64 { Int64(matching.count { $0.loss == loss }) }
    var full = points
    var found: [Deduction] = []
    switch rule.clause {
    case .attributes: break
    case .every:
      full = worth * Int64(matching.count)
      for (part, loss) in [(Deduction.Part.oncePer, Loss.notFirst), (.within, .tooOld), (.limit, .overLimit)] {
        found.append(Deduction(part: part, count: count(loss), points: worth * count(loss)))
      }
      let faded = matching.filter { ($0.loss == nil || $0.loss == .decayed) && $0.points != worth }
      found.append(
        Deduction(part: .decay, count: Int64(faded.count), points: faded.reduce(0) { $0 + worth - $1.points }))
    case .when(let clause):
      func points(_ number: Int64) -> Int64 { number >= clause.atLeast ? worth : 0 }
      let all = Int64(matching.count)
      let first = all - count(.notFirst)
      full = points(all)
      found.append(Deduction(part: .oncePer, count: count(.notFirst), points: full - points(first)))
      found.append(
        Deduction(part: .within, count: count(.tooOld), points: points(first) - points(first - count(.tooOld))))
    case .silence(let clause):
      let spans = max(0, (instant - (silentSince ?? instant)) / clause.span.milliseconds)
      let (product, overflow) = worth.multipliedReportingOverflow(by: spans)
      if !overflow {
        full = product
        found.append(Deduction(part: .repeat, count: spans - silentSpans, points: product - points))
      }
    }
    if !isOpen { found.append(Deduction(part: .condition, count: 0, points: points)) }
    return (full, found.filter { $0.count != 0 || $0.points != 0 })
  }
}

extension Limits {
  /// What clamping a sum takes.
  func deductions(from sum: Int64, to clamped: Int64) -> [Deduction] {
    guard sum != clamped else { return [] }
    return [Deduction(part: clamped < sum ? .max : .min, count: 0, points: sum - clamped)]
  }
}
