public import LeadStore
internal import ScoreEngine

extension ScoringSession {
  /// The setting that names the roles whose approval a version needs, separated by commas.
  public static let requiredApprovalsSetting = "required-approvals"

  /// The roles whose approval a version needs before it can be applied.
  public func requiredApprovals() throws -> [String] {
    let value = try database.settings.value(ScoringSession.requiredApprovalsSetting) ?? ""
    return value.split(separator: ",").map { ScoringSession.role(String($0)) }.filter { !$0.isEmpty }
  }

  /// Whether some roles must approve versions, and this is none of them.
  public func isNeedless(role: String) throws -> Bool {
    let required = try requiredApprovals()
    return !required.isEmpty && !required.contains(ScoringSession.role(role))
  }

  /// Roles are told apart without regard to case and white space at their ends.
  private static func role(_ text: String) -> String {
    FoldedText(NormalizedText.trimmed(text.nfc)).text
  }

  /// Records a person's approval of a version, for a role. It holds for the version's document.
  ///
  /// - Throws: ``ScoringError/emptyApproval``, ``ScoringError/unknownVersion(_:model:greatest:)``
  public func approve(_ number: Int, role: String, by person: String, model: String) throws {
    let role = ScoringSession.role(role)
    let person = NormalizedText.trimmed(person)
    guard !role.isEmpty, !person.isEmpty else { throw ScoringError.emptyApproval }
    try write {
      let row = try version(number, model: model).row
      try database.approvals.add(
        version: row.id, digest: row.digest, role: role, person: person, recordedAt: clock())
    }
  }

  /// The approvals of a version, the oldest first.
  public func approvals(_ version: RuleVersionRow) throws -> [ApprovalRow] {
    try database.approvals.all(version: version.id, digest: version.digest)
  }

  /// The roles whose approval a version still lacks.
  public func missingApprovals(_ version: RuleVersionRow) throws -> [String] {
    let given = Set(try approvals(version).map(\.role))
    return try requiredApprovals().filter { !given.contains($0) }
  }

  /// Sees that a version has all approvals it needs.
  ///
  /// - Throws: ``ScoringError/missingApproval(version:roles:)``
  func checkApprovals(_ version: RuleVersionRow) throws {
    let missing = try missingApprovals(version)
    guard missing.isEmpty else { throw ScoringError.missingApproval(version: version.number, roles: missing) }
  }
}
