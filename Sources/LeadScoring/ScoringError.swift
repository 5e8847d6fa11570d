public import RuleFile

/// Why a use case was refused.
public enum ScoringError: Error, Sendable {
  /// The instant is before the last evaluation; a database never goes back in time. Milliseconds since 1970.
  case backInTime(asked: Int64, last: Int64)
  /// There is no such model.
  case unknownModel(String, known: [String])
  /// There is such a model already.
  case modelExists(String)
  /// The name is none that a model can have.
  case badModelName(String)
  /// No version of the model's rules was ever applied.
  case noActiveVersion(String)
  /// The model has no such version.
  case unknownVersion(Int, model: String, greatest: Int)
  /// There is no such lead.
  case unknownLead(String, similar: [String])
  /// The rule document has errors.
  case badRules(file: String, [Diagnostic])
  /// The mapping has errors.
  case badMapping(file: String, [Diagnostic])
  /// The mapping is for the other kind of file.
  case wrongMapping(kind: ImportMapping.Kind, expected: ImportMapping.Kind)
  /// A file cannot be parsed any further; line where it is known.
  case badInput(file: String, line: Int?, reason: String)
  /// Rows were rejected and the import was asked to be strict.
  case rowsRejected(file: String, count: Int64, first: RowRejection)
  /// The active rules have no hand-off stage, and no stage was named.
  case noHandoffStage(model: String)
  /// The active rules have no such stage.
  case unknownStage(String, known: [String])
  /// There is no such plan for the model.
  case unknownPlan(Int64)
  /// A plan cannot be applied any more, or not as this version.
  case planRefused(String)
  /// Leads come out differently than a plan says.
  case planMoved(Int64, PlanMoves)
  /// A version lacks approvals that it needs.
  case missingApproval(version: Int, roles: [String])
  /// No version was active before the one that is.
  case nothingToRollBack(model: String)
  /// A consumer has no such batch.
  case unknownBatch(Int, consumer: String)
  /// A role or a person without a name.
  case emptyApproval
  /// A judgement without a person or a reason.
  case emptyJudgement
  /// There is no such column.
  case unknownColumn(String, known: [String])
  /// What is asked of an export contradicts itself or the system that is to read it.
  case badExport(String)
  /// There is no such adjustment.
  case unknownAdjustment(Int64)
  /// A period ends before it begins. Milliseconds since 1970.
  case badPeriod(from: Int64, until: Int64)
  /// A guard that the caller set does not hold.
  case guardFailed(String)
}

/// A row of input that was not understood.
public struct RowRejection: Sendable, Equatable {
  /// The file, as it was named.
  public var file: String
  /// The line on which the row begins, from 1.
  public var line: Int
  /// What is wrong with it.
  public var reason: String
}
