import LeadScoring
import LeadStore
import RecordFormats
import ScoreEngine

/// An explanation as programs get it.
enum ExplanationJSON {
  static func write(_ explanation: Explanation, to writer: inout JSONWriter) {
    var record: OutputRecord = [
      ("key", .text(explanation.key)), ("created_at", .instant(explanation.createdAt)),
      ("as_of", .instant(explanation.asOf)), ("is_past", .truth(explanation.isPast)),
      ("version", .integer(Int64(explanation.version))), ("is_active", .truth(explanation.isActive)),
      ("score", .points(explanation.score)), ("stage", .text(explanation.stage)), ("grade", .text(explanation.grade)),
      ("rules", .json { array(explanation.rules, to: &$0) { rule($0, to: &$1) } }),
      ("adjustment", .points(explanation.adjustment)),
      ("adjustments", .json { array(explanation.adjustments, to: &$0) { adjustment($0, to: &$1) } }),
      ("groups", .json { array(explanation.groups, to: &$0) { group($0, to: &$1) } }),
      ("sum", .points(explanation.unclamped)), ("min", .points(explanation.scoreLimits.min?.hundredths)),
      ("max", .points(explanation.scoreLimits.max?.hundredths)), ("taken", taken(explanation.deductions)),
    ]
    record += [
      ("stages", .json { array(explanation.stages, to: &$0) { stage($0, to: &$1) } }),
      ("rule_stage", .text(explanation.ruleStage)), ("stage_before", .text(explanation.currentStage)),
      ("stage_before_from", .text(explanation.stageBasis.rawValue)),
      ("reconstructed_stage", .text(explanation.reconstructedStage)),
      ("disqualified_by", .json { array(explanation.disqualifications, to: &$0) { $1.string($0.id) } }),
      ("fast_track", fastTrack(explanation.fastTrack)), ("recorded", recorded(explanation.recorded)),
      ("notes", .json { array(ExplanationNotes.notes(explanation), to: &$0) { $1.string($0) } }),
      ("next_change", next(explanation)),
    ]
    RecordOutput.write(record, to: &writer)
  }

  private static func array<Element>(
    _ elements: [Element], to writer: inout JSONWriter, _ body: (Element, inout JSONWriter) -> Void
  ) {
    writer.beginArray()
    for element in elements { body(element, &writer) }
    writer.endArray()
  }

  private static func taken(_ deductions: [Deduction]) -> OutputValue {
    .json {
      array(deductions, to: &$0) { deduction, writer in
        RecordOutput.write(
          [
            ("by", .text(deduction.part.rawValue)), ("count", .integer(deduction.count)),
            ("points", .points(deduction.points)),
          ], to: &writer)
      }
    }
  }

  private static func attributes(_ attributes: [(name: String, value: Value?)]) -> OutputValue {
    .json { writer in
      writer.beginObject()
      for (name, value) in attributes {
        writer.key(name)
        if let value { value.write(to: &writer) } else { writer.null() }
      }
      writer.endObject()
    }
  }

  private static func rule(_ part: Explanation.RulePart, to writer: inout JSONWriter) {
    var record: OutputRecord = [
      ("id", .text(part.rule.id)), ("group", .text(part.rule.group)), ("points", .points(part.points)),
      ("full_points", .points(part.fullPoints)), ("taken", taken(part.deductions)),
      ("if", .truth(part.conditionHolds)), ("attributes", attributes(part.attributes)),
      ("properties", .json { array(part.properties, to: &$0) { $1.string($0) } }),
      ("events", .json { array(part.events, to: &$0) { event($0, of: part.rule, to: &$1) } }),
    ]
    if part.silentSince != nil {
      record.append(("silent_since", .instant(part.silentSince)))
      record.append(("silent_spans", .integer(part.silentSpans)))
    }
    RecordOutput.write(record, to: &writer)
  }

  private static func event(_ entry: Explanation.EventPart, of rule: Rule, to writer: inout JSONWriter) {
    var record: OutputRecord = [
      ("occurred_at", .instant(entry.event.occurredAt)), ("type", .text(entry.event.type)),
      ("id", .text(entry.event.id)),
      ("properties", .json { entry.event.properties.write(to: &$0) }), ("points", .points(entry.points)),
    ]
    // Only under `every` has an event a worth of its own.
    if case .every = rule.clause { record.append(("full_points", .points(entry.fullPoints))) }
    record.append(("lost", .text(entry.loss?.rawValue)))
    RecordOutput.write(record, to: &writer)
  }

  private static func adjustment(_ row: AdjustmentRow, to writer: inout JSONWriter) {
    RecordOutput.write(
      [
        ("id", .integer(row.id)), ("points", .points(row.points)), ("by", .text(row.person)),
        ("reason", .text(row.reason)), ("from", .instant(row.from)), ("until", .instant(row.until)),
      ], to: &writer)
  }

  private static func group(_ part: Explanation.GroupPart, to writer: inout JSONWriter) {
    RecordOutput.write(
      [
        ("name", .text(part.name)), ("part_of", .text(part.partOf)), ("take", .text(part.take.rawValue)),
        ("sum", .points(part.sum)), ("before_limits", .points(part.unclamped)), ("points", .points(part.points)),
        ("min", .points(part.limits.min?.hundredths)), ("max", .points(part.limits.max?.hundredths)),
        ("taken", taken(part.deductions)),
      ], to: &writer)
  }

  private static func stage(_ part: Explanation.StagePart, to writer: inout JSONWriter) {
    func minimums(_ minimums: [Explanation.Minimum]) -> OutputValue {
      .json {
        array(minimums, to: &$0) { minimum, writer in
          RecordOutput.write(
            [
              ("group", .text(minimum.group)), ("needed", .points(minimum.needed)), ("has", .points(minimum.has)),
              ("missing", .points(minimum.missing)),
            ], to: &writer)
        }
      }
    }
    RecordOutput.write(
      [
        ("id", .text(part.id)), ("enters", .truth(part.enters)), ("keeps", .truth(part.keeps)),
        ("if", .truth(part.conditionHolds)), ("attributes", attributes(part.attributes)),
        ("minimums", minimums(part.minimums)), ("keep_minimums", minimums(part.keepMinimums)),
      ], to: &writer)
  }

  private static func fastTrack(_ track: FastTrackRow?) -> OutputValue {
    guard let track else { return .text(nil) }
    return .json { writer in
      RecordOutput.write(
        [
          ("stage", .text(track.stage)), ("by", .text(track.person)), ("reason", .text(track.reason)),
          ("from", .instant(track.from)), ("until", .instant(track.until)),
        ], to: &writer)
    }
  }

  private static func recorded(_ recorded: Explanation.Recorded?) -> OutputValue {
    guard let recorded else { return .text(nil) }
    return .json { writer in
      RecordOutput.write(
        [
          ("score", .points(recorded.score)), ("stage", .text(recorded.stage)), ("grade", .text(recorded.grade)),
          ("version", .integer(Int64(recorded.version))), ("since", .instant(recorded.since)),
        ], to: &writer)
    }
  }

  private static func next(_ explanation: Explanation) -> OutputValue {
    guard let next = explanation.next else { return .text(nil) }
    return .json { writer in
      RecordOutput.write(
        [
          ("at", .instant(next.at)), ("cause", .text(next.isEvent ? "event" : "time")),
          ("score_before", .points(explanation.score)), ("score", .points(next.score)),
          ("stage_before", .text(explanation.stage)), ("stage", .text(next.stage)),
          ("grade_before", .text(explanation.grade)), ("grade", .text(next.grade)),
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
