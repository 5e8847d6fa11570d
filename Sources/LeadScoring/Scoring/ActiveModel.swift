internal import LeadStore
internal import RecordFormats
internal import ScoreEngine

/// A model with its active version, ready to score.
final class ActiveModel {
  let row: ModelRow
  let version: RuleVersionRow
  let rules: CompiledRules
  let evaluator: LeadEvaluator

  init?(row: ModelRow, version: RuleVersionRow, rules: CompiledRules, pack: [SignalDefinition]) {
    guard let evaluator = LeadEvaluator(rules: rules, pack: pack) else { return nil }
    self.row = row
    self.version = version
    self.rules = rules
    self.evaluator = evaluator
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

extension LeadEvaluator {
  /// Appends the groups' scores as they are stored: a JSON array.
  func appendGroups(to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "["))
    for (index, score) in groupScores.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      DecimalText.append(score, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
  }

  /// Appends the rules' points as they are stored: position and points of those that give other than 0.
  func appendRules(to bytes: inout [UInt8]) {
    let start = bytes.count
    bytes.append(UInt8(ascii: "["))
    for (index, points) in rulePoints.enumerated() where points != 0 {
      if bytes.count > start + 1 { bytes.append(UInt8(ascii: ",")) }
      DecimalText.append(Int64(index), to: &bytes)
      bytes.append(UInt8(ascii: ","))
      DecimalText.append(points, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
  }
}
