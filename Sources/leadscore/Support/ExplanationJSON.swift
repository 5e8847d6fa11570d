import LeadScoring
import RecordFormats
import ScoreEngine

/// An explanation as programs get it.
enum ExplanationJSON {
  static func write(_ explanation: Explanation, to writer: inout JSONWriter) {
    let lead = explanation.lead
    RecordOutput.write(
      [
        ("key", .text(lead.key)), ("as_of", .instant(explanation.asOf)), ("version", .integer(Int64(lead.version))),
        ("score", .points(lead.score)), ("stage", .text(lead.stage)), ("grade", .text(lead.grade)),
        ("rules", .json { array(explanation.rules, to: &$0) { rule($0, to: &$1) } }),
        ("adjustment", .points(explanation.adjustment)),
        ("groups", .json { array(explanation.groups, to: &$0) { group($0, to: &$1) } }),
        ("sum", .points(explanation.unclamped)),
        ("stages", .json { array(explanation.stages, to: &$0) { stage($0, to: &$1) } }),
        ("rule_stage", .text(explanation.ruleStage)),
        ("disqualified_by", .json { array(explanation.disqualifications, to: &$0) { $1.string($0) } }),
        ("next_change", next(explanation.next)),
      ], to: &writer)
  }

  private static func array<Element>(
    _ elements: [Element], to writer: inout JSONWriter, _ body: (Element, inout JSONWriter) -> Void
  ) {
    writer.beginArray()
    for element in elements { body(element, &writer) }
    writer.endArray()
  }

  private static func rule(_ part: Explanation.RulePart, to writer: inout JSONWriter) {
    var record: OutputRecord = [
      ("id", .text(part.rule.id)), ("group", .text(part.rule.group)), ("points", .points(part.points)),
      ("if", .truth(part.conditionHolds)),
      (
        "attributes",
        .json { writer in
          writer.beginObject()
          for (name, value) in part.attributes {
            writer.key(name)
            if let value { value.write(to: &writer) } else { writer.null() }
          }
          writer.endObject()
        }
      ), ("events", .json { array(part.entries, to: &$0) { event($0, to: &$1) } }),
    ]
    if part.silentSince != nil {
      record.append(("silent_since", .instant(part.silentSince)))
      record.append(("silent_spans", .integer(part.silentSpans)))
    }
    RecordOutput.write(record, to: &writer)
  }

  private static func event(
    _ entry: (event: LeadEvent, points: Int64, loss: RuleLedger.Loss?), to writer: inout JSONWriter
  ) {
    RecordOutput.write(
      [
        ("occurred_at", .instant(entry.event.occurredAt)), ("type", .text(entry.event.type)),
        ("id", .text(entry.event.id)),
        ("properties", .json { entry.event.properties.write(to: &$0) }), ("points", .points(entry.points)),
        ("lost", .text(entry.loss?.rawValue)),
      ], to: &writer)
  }

  private static func group(_ part: Explanation.GroupPart, to writer: inout JSONWriter) {
    RecordOutput.write(
      [
        ("name", .text(part.name)), ("part_of", .text(part.partOf)), ("take", .text(part.take.rawValue)),
        ("before_limits", .points(part.unclamped)), ("points", .points(part.points)),
        ("min", .points(part.limits.min?.hundredths)), ("max", .points(part.limits.max?.hundredths)),
      ], to: &writer)
  }

  private static func stage(_ part: Explanation.StagePart, to writer: inout JSONWriter) {
    RecordOutput.write(
      [
        ("id", .text(part.id)), ("enters", .truth(part.enters)), ("keeps", .truth(part.keeps)),
        ("if", .truth(part.conditionHolds)),
        (
          "minimums",
          .json {
            array(part.minimums, to: &$0) { minimum, writer in
              RecordOutput.write(
                [("group", .text(minimum.group)), ("needed", .points(minimum.needed)), ("has", .points(minimum.has))],
                to: &writer)
            }
          }
        ),
      ], to: &writer)
  }

  private static func next(_ next: Explanation.NextChange?) -> OutputValue {
    guard let next else { return .text(nil) }
    return .json { writer in
      RecordOutput.write(
        [
          ("at", .instant(next.at)), ("score", .points(next.score)), ("stage", .text(next.stage)),
          ("grade", .text(next.grade)),
          (
            "rules",
            .json {
              array(next.rules, to: &$0) { change, writer in
                RecordOutput.write(
                  [("id", .text(change.id)), ("before", .points(change.before)), ("after", .points(change.after))],
                  to: &writer)
              }
            }
          ),
        ], to: &writer)
    }
  }
}
