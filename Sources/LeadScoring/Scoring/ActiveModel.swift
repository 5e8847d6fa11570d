internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// A model with its active version, ready to score.
final class ActiveModel {
  let row: ModelRow
  let version: RuleVersionRow
  let rules: CompiledRules
  let evaluator: LeadEvaluator
  /// Writes what the evaluator gives.
  let points: PointsWriter

  init?(row: ModelRow, version: RuleVersionRow, rules: CompiledRules, pack: [SignalDefinition]) {
    guard let evaluator = LeadEvaluator(rules: rules, pack: pack) else { return nil }
    self.row = row
    self.version = version
    self.rules = rules
    self.evaluator = evaluator
    points = PointsWriter(evaluator)
  }

  /// The same model with an evaluator of its own, for another thread.
  func copy(pack: [SignalDefinition]) -> ActiveModel? {
    ActiveModel(row: row, version: version, rules: rules, pack: pack)
  }

  /// What the positions in stored scores mean.
  static func layout(of rules: CompiledRules) -> String {
    var writer = JSONWriter()
    writer.beginObject()
    for (name, list) in [("groups", rules.groupNames), ("rules", rules.ruleNames), ("stages", rules.stageNames)] {
      writer.key(name)
      writer.beginArray()
      for text in list { writer.string(text) }
      writer.endArray()
    }
    writer.endObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
