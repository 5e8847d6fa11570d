internal import LeadStore

/// A setting of a database.
public struct Setting: Sendable {
  public let name: String
  /// What it does, in a sentence.
  public let meaning: String

  /// All settings there are.
  public static let all = [
    Setting(
      name: ScoringSession.requiredApprovalsSetting,
      meaning: "roles whose approval a version needs before it is applied, separated by commas")
  ]
}

extension ScoringSession {
  /// The value of a setting; nil where it is not set.
  public func setting(_ name: String) throws -> String? { try database.settings.value(name) }

  /// Changes a setting; nil takes it away.
  public func setSetting(_ name: String, _ value: String?) throws {
    try write { try database.settings.set(name, value) }
  }
}
