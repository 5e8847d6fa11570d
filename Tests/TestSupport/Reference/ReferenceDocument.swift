/// A rule document as plain values. Points are whole hundredths, durations and instants milliseconds.
public struct ReferenceDocument: Sendable {
  struct Group: Sendable {
    var minimum: Int?
    var maximum: Int?
    /// `nil` for a part of the root.
    var partOf: String?
    var takesHighest = false
  }

  /// Which events a clause or an `ignore` entry means.
  struct EventFilter: Sendable {
    /// `nil` for any type.
    var types: [String]?
    var condition: RefCondition

    /// Types are compared exactly.
    func admits(_ type: String) -> Bool { types?.contains(type) ?? true }
  }

  enum Period: Sendable {
    case hour, day, week

    /// The number of the UTC hour, day or ISO week; 1 January 1970 was a Thursday.
    func index(_ instant: Int64) -> Int64 {
      switch self {
      case .hour: return floorDiv(instant, RefInstant.hour)
      case .day: return floorDiv(instant, RefInstant.day)
      case .week: return floorDiv(instant + 3 * RefInstant.day, RefInstant.week)
      }
    }
  }

  struct Decay: Sendable {
    var percent: Int
    var every: Int64
    var linear: Bool
    /// Steps after which the rule's points are worth nothing.
    var lifetime: Int64 = 0

    /// What `points` are worth after `steps` steps.
    func value(of points: Int, after steps: Int64) -> Int {
      if linear { return points * max(0, 100 - percent * Int(min(steps, 100))) / 100 }
      var value = points
      var step: Int64 = 0
      while step < steps, value != 0 {
        value = value * (100 - percent) / 100
        step += 1
      }
      return value
    }
  }

  enum Clause: Sendable {
    case none
    case every(EventFilter, oncePer: Period?, within: Int64?, limit: Int?, decay: Decay?)
    case when(EventFilter, oncePer: Period?, within: Int64?, atLeast: Int)
    case silence(EventFilter, length: Int64, repeats: Int)

    var filter: EventFilter? {
      switch self {
      case .none: return nil
      case .every(let filter, _, _, _, _), .when(let filter, _, _, _), .silence(let filter, _, _): return filter
      }
    }
  }

  struct Rule: Sendable {
    var id: String
    /// `nil` for the root.
    var group: String?
    var points: Int
    var condition: RefCondition
    var clause: Clause
  }

  struct Stage: Sendable {
    var id: String
    /// Minimum by group name or `score`.
    var enter: [String: Int]
    var keep: [String: Int]
    var condition: RefCondition
  }

  struct Band: Sendable {
    /// `nil` for the band that is always reached.
    var minimum: Int?
    var label: String
  }

  var root = Group()
  /// Every group that is declared, or named by a rule or a `part_of`.
  var groups: [String: Group] = [:]
  var ignore: [EventFilter] = []
  var rules: [Rule] = []
  var stages: [Stage] = []
  var disqualify: [RefCondition] = []
  /// `nil` without a `grade` section.
  var grade: [(group: String, bands: [Band])]?

  /// The durations of every `newer_than` and `older_than` in the document.
  var ages: Set<Int64> {
    let conditions =
      ignore.map(\.condition) + rules.map(\.condition) + rules.compactMap { $0.clause.filter?.condition }
      + stages.map(\.condition) + disqualify
    return Set(conditions.flatMap(\.ages))
  }
}

/// A tree that is no valid rule document, as far as the reference looks.
public struct ReferenceError: Error, Equatable, Sendable, CustomStringConvertible {
  public var description: String

  init(_ description: String) { self.description = description }
}
