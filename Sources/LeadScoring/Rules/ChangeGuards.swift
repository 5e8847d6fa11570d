internal import RecordFormats
internal import ScoreEngine

/// How much a change may do.
public struct ChangeGuards: Sendable {
  /// How many leads may change their stage.
  public var maxStageChanges: StageChangeLimit?
  /// How many leads may enter a stage.
  public var maxEntering: [(stage: String, limit: Int64)] = []

  /// No guards.
  public init() {}

  /// The guards as a plan keeps them.
  var json: String {
    var writer = JSONWriter()
    writer.beginObject()
    switch maxStageChanges {
    case nil: break
    case .count(let count):
      writer.key("max_stage_changes")
      writer.integer(count)
    case .percent(let percent):
      writer.key("max_stage_changes_percent")
      writer.number(percent)
    }
    writer.key("max_entering")
    writer.beginObject()
    for (stage, limit) in maxEntering {
      writer.key(stage)
      writer.integer(limit)
    }
    writer.endObject()
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  /// Reads the guards of a plan.
  init(json: String) {
    guard let parsed = try? JSONParser.parse(json) else { return }
    if let count = parsed["max_stage_changes"]?.numberValue?.double { maxStageChanges = .count(Int64(count)) }
    if let percent = parsed["max_stage_changes_percent"]?.numberValue?.double { maxStageChanges = .percent(percent) }
    for member in parsed["max_entering"]?.objectValue?.members ?? [] {
      if let limit = member.value.numberValue?.double { maxEntering.append((member.key, Int64(limit))) }
    }
  }

  /// Sees that the guards are about stages that there are: a misspelt one would guard nothing.
  ///
  /// - Throws: ``ScoringError/unknownStage(_:known:)``
  func checkStages(of document: RuleDocument) throws {
    let known = document.stages.map(\.id) + [RuleDocument.disqualifiedStage]
    for (stage, _) in maxEntering where !known.contains(stage) { throw ScoringError.unknownStage(stage, known: known) }
  }

  /// Sees that a change stays within the guards.
  ///
  /// - Parameter whose: whose guards they are, in words before the option's name.
  /// - Throws: ``ScoringError/guardFailed(_:)``
  func check(_ matrix: [ApplyReport.StageMove: Int64], leads: Int64, version: Int, whose: String = "") throws {
    guard let breach = breach(of: matrix, leads: leads, whose: whose) else { return }
    throw ScoringError.guardFailed("version \(version) \(breach); nothing was applied")
  }

  /// Which of the guards a change does not stay within, in words; nil for none.
  func breach(of matrix: [ApplyReport.StageMove: Int64], leads: Int64, whose: String = "") -> String? {
    let changes = matrix.reduce(0) { $0 + ($1.key.from == $1.key.to ? 0 : $1.value) }
    let allowed: Int64? =
      switch maxStageChanges {
      case nil: nil
      case .count(let count): count
      case .percent(let percent): Int64((Double(leads) * percent / 100).rounded(.down))
      }
    if let allowed, changes > allowed {
      return "changes the stage of \(changes) of \(leads) leads, more than the \(allowed) that "
        + "\(whose)--max-stage-changes allows"
    }
    for (stage, limit) in maxEntering {
      let entering = matrix.reduce(0) { $0 + ($1.key.to == stage && $1.key.from != stage ? $1.value : 0) }
      if entering > limit {
        return "brings \(entering) leads into \(stage), more than the \(limit) that \(whose)--max-entering allows"
      }
    }
    return nil
  }
}
