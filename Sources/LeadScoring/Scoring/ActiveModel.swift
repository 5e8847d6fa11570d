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
  /// The groups' scores as they are stored.
  var storedGroups: String {
    var bytes: [UInt8] = [UInt8(ascii: "[")]
    for (index, score) in groupScores.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      DecimalText.append(score, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The rules' points as they are stored: position and points of those that give other than 0.
  var storedRules: String {
    var bytes: [UInt8] = [UInt8(ascii: "[")]
    for (index, points) in rulePoints.enumerated() where points != 0 {
      if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
      DecimalText.append(Int64(index), to: &bytes)
      bytes.append(UInt8(ascii: ","))
      DecimalText.append(points, to: &bytes)
    }
    bytes.append(UInt8(ascii: "]"))
    return String(decoding: bytes, as: UTF8.self)
  }
}
