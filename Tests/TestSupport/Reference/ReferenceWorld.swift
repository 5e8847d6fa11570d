/// A scoring database by the letter of the specification: slow, obvious, in memory.
///
/// Every operation happens at an instant in milliseconds, no earlier than the one before it. After it, every lead is up
/// to date as of that instant.
public struct ReferenceWorld {
  struct FastTrack {
    var stage: String
    var from: Int64
    var until: Int64?
    /// How many were set before it.
    var order = 0

    func isShown(at now: Int64) -> Bool { until.map { now < $0 } ?? true }
  }

  struct Record {
    /// What came under the lead's own key.
    var facts: ReferenceFacts {
      didSet { view = nil }
    }
    var fastTrack: FastTrack?
    /// All fast-tracks, in the order in which they were set, with when they really ended.
    var pastTracks: [FastTrack] = []
    /// The rules' stage, under a fast-track or a disqualification.
    var ownStage: String?
    var result: RefResult?
    /// Where the lead stood when it was merged into another.
    var setAside: RefResult?
    /// The facts of all that the lead stands for, seen through the active document; built when needed.
    var view: ReferenceLead?

    mutating func endTrack(at now: Int64) {
      if let last = pastTracks.last, last.isShown(at: now) { pastTracks[pastTracks.count - 1].until = now }
    }
  }

  var records: [String: Record] = [:]
  /// Merges in force: the key merged away, and the one it was merged into, in order.
  var merges: [(lead: String, into: String)] = []
  private var fastTracks = 0
  /// Keys in the order first seen.
  public private(set) var keys: [String] = []
  private var document: ReferenceDocument?
  private var version = 0
  /// The instant of the latest operation.
  public private(set) var now: Int64 = .min
  /// Rows in the order written; those of one lead join up.
  public private(set) var history: [RefHistoryRow] = []

  public init() {}

  /// A lead's key as it is compared: trimmed, lower case.
  public static func normalized(_ key: String) -> String {
    var scalars = Array(key.unicodeScalars)[...]
    while let first = scalars.first, first.properties.isWhitespace { scalars.removeFirst() }
    while let last = scalars.last, last.properties.isWhitespace { scalars.removeLast() }
    var text = ""
    text.unicodeScalars.append(contentsOf: scalars)
    var result = ""
    result.unicodeScalars.append(contentsOf: RefText.lowered(nfc(text)))
    return result
  }

  /// Where the lead stands, or `nil` for an unknown lead or before the first version.
  public func result(_ key: String) -> RefResult? { records[Self.normalized(key)]?.result }

  /// Where every lead stands, by normalized key.
  public var results: [String: RefResult] { records.compactMapValues(\.result) }

  /// The lead's attributes as stored; empty for an unknown lead.
  public func attributes(_ key: String) -> [String: RefValue] {
    union(of: root(of: Self.normalized(key))).attributes
  }

  /// The lead's `created_at`, or `nil` for an unknown lead.
  public func createdAt(_ key: String) -> Int64? { records[Self.normalized(key)]?.facts.createdAt }

  /// The number of the lead's events, each counted once.
  public func eventCount(_ key: String) -> Int { records[Self.normalized(key)]?.facts.events.count ?? 0 }

  /// The rows of one lead.
  public func history(of key: String) -> [RefHistoryRow] {
    let key = Self.normalized(key)
    return history.filter { $0.key == key }
  }

  /// Reads rows of leads; those of a lead that was merged into another count for that one.
  @discardableResult
  public mutating func importLeads(at now: Int64, rows: [RefLeadRow]) -> RefImportSummary {
    advance(to: now)
    var summary = RefImportSummary()
    var touched: [String: String] = [:]
    for row in rows {
      let key = Self.normalized(row.key)
      let isNew = addLead(key, at: now)
      guard let before = records[key]?.facts else { continue }
      var facts = before
      if let createdAt = row.createdAt, !facts.createdAtIsGiven {
        facts.createdAt = createdAt
        facts.createdAtIsGiven = true
      }
      for (name, value) in row.attributes {
        if value == .null {
          facts.attributes[nfc(name)] = nil
        } else if let value = value.stored {
          facts.attributes[nfc(name)] = value
        }
      }
      let changed = facts.attributes != before.attributes || facts.createdAt != before.createdAt
      records[key]?.facts = facts
      let person = root(of: key)
      records[person]?.view = nil
      if isNew {
        summary.created += 1
        summary.leadsCreated += 1
        touched[key] = "import"
      } else if changed {
        summary.updated += 1
        touched[person] = touched[person] ?? "attributes"
      } else {
        summary.unchanged += 1
      }
    }
    evaluate(touched, at: now)
    return summary
  }

  /// Reads rows of events. A lead that is not known yet is created as of `now`.
  @discardableResult
  public mutating func importEvents(at now: Int64, rows: [RefEventRow]) -> RefImportSummary {
    advance(to: now)
    var summary = RefImportSummary()
    var touched: [String: String] = [:]
    for row in rows {
      let key = Self.normalized(row.key)
      if addLead(key, at: now) {
        summary.leadsCreated += 1
        touched[key] = "import"
      }
      var properties: [String: RefValue] = [:]
      for (name, value) in row.properties { properties[nfc(name)] = value.stored }
      let id = row.id.flatMap { $0.isEmpty ? nil : $0 }
      let event = ReferenceFacts.Event(id: id, type: row.type, occurredAt: row.occurredAt, properties: properties)
      let person = root(of: key)
      if union(of: person).events.contains(where: { $0.isSame(as: event) }) {
        summary.duplicates += 1
      } else {
        summary.created += 1
        touched[person] = touched[person] ?? "event"
      }
      if records[key]?.facts.events.contains(where: { $0.isSame(as: event) }) == false {
        records[key]?.facts.events.append(event)
        records[person]?.view = nil
      }
    }
    evaluate(touched, at: now)
    return summary
  }

  /// Makes `document` the active version `number`.
  public mutating func applyVersion(_ document: ReferenceDocument, number: Int, at now: Int64) {
    advance(to: now)
    self.document = document
    version = number
    for key in liveKeys {
      records[key]?.view = nil
      evaluate(key, at: now, cause: "rules")
    }
  }

  /// Moves the clock; every lead is evaluated at each of its edges on the way.
  public mutating func advance(to now: Int64) {
    precondition(now >= self.now, "the clock does not go back")
    let start = self.now
    self.now = now
    for key in liveKeys {
      for edge in edges(key, after: start, through: now) { evaluate(key, at: edge, cause: "time") }
    }
  }

  /// Every instant in `(now, end]` at which some lead may change by itself, in order.
  public mutating func edges(through end: Int64) -> [Int64] {
    var found: Set<Int64> = []
    for key in liveKeys { found.formUnion(edges(key, after: now, through: end)) }
    return found.sorted()
  }

  /// Gives a known lead points (in hundredths) while `from ≤ T < until`.
  public mutating func addAdjustment(_ key: String, points: Int, from: Int64, until: Int64? = nil, at now: Int64) {
    advance(to: now)
    let key = root(of: Self.normalized(key))
    records[key]?.facts.adjustments.append(.init(points: points, from: from, until: until))
    evaluate(key, at: now, cause: "fast-track")
  }

  /// Shows `stage` for a known lead while `T < until`, in place of an earlier fast-track.
  public mutating func setFastTrack(_ key: String, stage: String, until: Int64? = nil, at now: Int64) {
    advance(to: now)
    let key = root(of: Self.normalized(key))
    for member in group(of: key) {
      records[member]?.endTrack(at: now)
      records[member]?.fastTrack = nil
    }
    fastTracks += 1
    let track = FastTrack(stage: stage, from: now, until: until, order: fastTracks)
    records[key]?.pastTracks.append(track)
    records[key]?.fastTrack = track
    evaluate(key, at: now, cause: "fast-track")
  }

  /// Ends a lead's fast-track, if it has one.
  public mutating func liftFastTrack(_ key: String, at now: Int64) {
    advance(to: now)
    let key = root(of: Self.normalized(key))
    for member in group(of: key) {
      records[member]?.endTrack(at: now)
      records[member]?.fastTrack = nil
    }
    evaluate(key, at: now, cause: "fast-track")
  }

  /// Every lead computed afresh from the facts as of `now`: score, groups, rules and grade; stages as they are.
  public func recomputed() -> [String: RefResult] {
    guard let document else { return [:] }
    var found: [String: RefResult] = [:]
    for key in liveKeys {
      guard var result = records[key]?.result else { continue }
      let score = ReferenceScore(ReferenceLead(document, union(of: key)), at: now)
      result.score = score.score
      result.groups = score.groups
      result.rules = score.rules
      result.grade = score.grade
      found[key] = result
    }
    return found
  }

  /// True where the lead was unknown.
  private mutating func addLead(_ key: String, at now: Int64) -> Bool {
    guard records[key] == nil else { return false }
    records[key] = Record(facts: ReferenceFacts(createdAt: now))
    keys.append(key)
    return true
  }

  private mutating func view(_ key: String) -> ReferenceLead? {
    guard let document, let record = records[key] else { return nil }
    if let view = record.view { return view }
    let view = ReferenceLead(document, union(of: key))
    records[key]?.view = view
    return view
  }

  private mutating func edges(_ key: String, after start: Int64, through end: Int64) -> [Int64] {
    guard start < end, let lead = view(key) else { return [] }
    var found = lead.edges(after: start, through: end)
    for member in group(of: key) {
      if let until = records[member]?.fastTrack?.until, until > start, until <= end, !found.contains(until) {
        found.append(until)
        found.sort()
      }
    }
    return found
  }

  private mutating func evaluate(_ causes: [String: String], at now: Int64) {
    for key in keys {
      if let cause = causes[key] { evaluate(key, at: now, cause: cause) }
    }
  }

  mutating func evaluate(_ key: String, at now: Int64, cause: String) {
    guard let lead = view(key), var record = records[key] else { return }
    record.fastTrack = fastTrack(of: key, at: now)
    let score = ReferenceScore(lead, at: now)
    let (own, shown) = stage(record, lead, score, at: now)
    let result = RefResult(
      score: score.score, groups: score.groups, rules: score.rules, stage: shown, grade: score.grade, version: version)
    records[key]?.ownStage = own
    records[key]?.result = result
    let old = record.result
    guard old?.score != result.score || old?.stage != result.stage || old?.grade != result.grade else { return }
    history.append(
      RefHistoryRow(
        key: key, at: now, before: old?.score, after: result.score, stageBefore: old?.stage, stageAfter: result.stage,
        gradeAfter: result.grade, cause: cause, version: version))
  }

  /// The rules' stage, and the one to show.
  func stage(
    _ record: Record, _ lead: ReferenceLead, _ score: ReferenceScore, at now: Int64
  ) -> (own: String?, shown: String?) {
    let stages = lead.document.stages
    let attributes = lead.facts.attributes
    let disqualified = lead.document.disqualify.contains { $0.holds(attributes, at: now) }
    // An id that the document lacks counts as the first stage.
    let current = stages.firstIndex { $0.id == record.ownStage } ?? 0
    let held = stages.indices.last { index in
      let stage = stages[index]
      if index == 0 { return true }
      guard stage.condition.holds(attributes, at: now) else { return false }
      return score.reaches(stage.enter) || (current >= index && score.reaches(stage.keep))
    }
    let own = disqualified ? stages.first?.id : held.map { stages[$0].id }
    var shown = disqualified ? "disqualified" : own
    // A fast-track to a stage that the document lacks shows nothing.
    if let fastTrack = record.fastTrack, fastTrack.isShown(at: now) {
      shown = stages.first { $0.id == fastTrack.stage }?.id ?? shown
    }
    return (own, shown)
  }
}
