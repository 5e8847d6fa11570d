public import LeadStore
public import RecordFormats
internal import ScoreEngine

/// Where the value of an export's column comes from.
public enum ExportSource: Sendable, Equatable {
  /// A name of ``ExportSource/fixed`` or ``ExportSource/optional``.
  case own(String)
  /// An attribute of the lead.
  case attribute(String)
  /// The attribute `email`, else the key where it is an address.
  case email
  /// The stage in HubSpot's words.
  case lifecycleStage

  /// The columns of an export that are no attributes.
  public static let fixed = ["key", "score", "stage", "grade", "entered_stage_at", "version"]
  /// Columns that are written where they are asked for. `current_stage` differs from `stage` where a lead that is handed
  /// over has left the stage that it entered.
  public static let optional = [
    "created_at", "next_change_at", "current_stage", "fast_track_by", "fast_track_reason", "fast_track_until",
    "adjustments",
  ]
  /// What names an attribute whatever it is called: `attribute.score`.
  public static let attributePrefix = "attribute."

  /// The column of an attribute: its name, with the prefix where the name alone would mean something else.
  public static func columnName(ofAttribute name: String) -> String {
    isOwn(name) || name.hasPrefix(attributePrefix) ? attributePrefix + name : name
  }

  /// What a column's name means.
  public init(column name: String) {
    if ExportSource.isOwn(name) {
      self = .own(name)
    } else if name.hasPrefix(ExportSource.attributePrefix) {
      self = .attribute(String(name.dropFirst(ExportSource.attributePrefix.count)))
    } else {
      self = .attribute(name)
    }
  }

  private static func isOwn(_ name: String) -> Bool { fixed.contains(name) || optional.contains(name) }
}

/// What is asked of an export: which columns, or in whose format.
public struct ExportShape: Sendable {
  /// The columns; nil for all. Without a preset.
  public var columns: [String]?
  /// The system that is to read the file.
  public var preset: ExportPreset?
  /// With a preset: fields and the columns that fill them, no column taking a field away.
  public var fields: [(name: String, column: String)] = []
  /// With HubSpot's preset: lifecycle stages for stages of the rules.
  public var lifecycleStages: [(stage: String, value: String)] = []

  /// All columns.
  public init() {}
}

/// The columns of an export, and how their values are written.
public struct ExportLayout: Sendable {
  /// A column: what its header says and where its value comes from.
  public struct Column: Sendable, Equatable {
    public var header: String
    public var source: ExportSource
  }

  public var columns: [Column]
  public var preset: ExportPreset?
  /// HubSpot's lifecycle stages by the rules' stages.
  var lifecycleStages: [String: String] = [:]
  /// What a person should know before the file is loaded.
  public var warnings: [String] = []

  init(columns: [Column], preset: ExportPreset? = nil) {
    self.columns = columns
    self.preset = preset
  }

  /// The headers, in order.
  public var headers: [String] { columns.map(\.header) }

  /// The values of a lead, null for none.
  ///
  /// - Parameter entry: the entry that is handed over; nil for the lead as it is.
  public func row(of lead: ScoredLead, entry: StageEntry? = nil) -> [(name: String, value: JSONValue)] {
    columns.map { ($0.header, value($0.source, lead, entry)) }
  }

  /// Whether the system that reads the file cannot tell which of its records this lead is.
  public func lacksIdentity(_ lead: ScoredLead) -> Bool {
    preset == .hubspot && columns.contains { $0.source == .email } && email(lead) == nil
  }

  /// What to say where so many leads lack an identity.
  public func warning(lackingIdentity count: Int64) -> String? {
    count == 0
      ? nil : "\(count) of the leads have no e-mail address; HubSpot adds those anew whenever the file is imported"
  }

  private func value(_ source: ExportSource, _ lead: ScoredLead, _ entry: StageEntry?) -> JSONValue {
    switch source {
    case .own(let name): own(name, lead, entry)
    case .attribute(let name): lead.attributes[name].map(written) ?? .null
    case .email: email(lead).map { .string(PresetText.unformulated($0)) } ?? .null
    case .lifecycleStage: (entry?.stage ?? lead.stage).flatMap { lifecycleStages[$0] }.map { .string($0) } ?? .null
    }
  }

  private func own(_ name: String, _ lead: ScoredLead, _ entry: StageEntry?) -> JSONValue {
    switch name {
    case "key": text(lead.key)
    case "score": ExportLayout.points(lead.score)
    case "stage": text(entry?.stage ?? lead.stage)
    case "current_stage": text(lead.stage)
    case "grade": text(lead.grade)
    case "entered_stage_at": instant(entry?.at ?? lead.enteredStageAt)
    case "version": .number(JSONNumber(Int64(lead.version)))
    case "created_at": instant(lead.createdAt)
    case "next_change_at": instant(lead.nextChangeAt)
    case "fast_track_by": text(lead.fastTrack?.person)
    case "fast_track_reason": text(lead.fastTrack?.reason)
    case "fast_track_until": instant(lead.fastTrack?.until)
    case "adjustments":
      lead.adjustments.isEmpty ? .null : text(lead.adjustments.map(ExportLayout.text(of:)).joined(separator: "; "))
    default: .null
    }
  }

  private func text(_ text: String?) -> JSONValue {
    text.map { .string(preset == nil ? $0 : PresetText.unformulated($0)) } ?? .null
  }

  private func instant(_ milliseconds: Int64?) -> JSONValue {
    guard let milliseconds else { return .null }
    return .string(preset?.text(ofInstant: milliseconds) ?? Instant(milliseconds: milliseconds).description)
  }

  /// An attribute's value: as it is, or as the preset's system reads it.
  private func written(_ value: Value) -> JSONValue {
    switch value {
    case .text(let text): self.text(text)
    case .number(let number): JSONNumber(number).map { .number($0) } ?? .null
    case .boolean(let truth): .bool(truth)
    case .list(let texts):
      // Both systems take several values of a field separated by semicolons.
      preset == nil ? .array(texts.map { .string($0) }) : text(texts.joined(separator: ";"))
    }
  }

  private func email(_ lead: ScoredLead) -> String? {
    if case .text(let address)? = lead.attributes["email"] { return address }
    return lead.key.contains("@") ? lead.key : nil
  }

  /// `kim: met at the fair (5, until 2026-05-01T00:00:00Z)`
  private static func text(of row: AdjustmentRow) -> String {
    let until = row.until.map { ", until \(Instant(milliseconds: $0))" } ?? ""
    return "\(row.person): \(row.reason) (\(Points(hundredths: row.points))\(until))"
  }

  private static func points(_ hundredths: Int64) -> JSONValue {
    var writer = JSONWriter()
    writer.hundredths(hundredths)
    return (try? JSONParser.parse(writer.bytes)) ?? .null
  }
}

extension ScoringSession {
  /// The columns that an export has: those chosen, those of a preset, or the fixed ones and then all attributes in the
  /// order first seen.
  ///
  /// - Throws: ``ScoringError/unknownColumn(_:known:)``, ``ScoringError/badExport(_:)``,
  ///   ``ScoringError/unknownStage(_:known:)``, `DatabaseError`.
  public func exportLayout(_ shape: ExportShape, model: String) throws -> ExportLayout {
    if shape.preset != nil { return try presetLayout(shape, model: model) }
    let names = try shape.columns ?? ExportSource.fixed + attributeNames().map(ExportSource.columnName(ofAttribute:))
    var seen: Set<String> = []
    for name in names where !seen.insert(name).inserted {
      throw ScoringError.badExport("column '\(name)' is named twice")
    }
    return ExportLayout(columns: try names.map { ExportLayout.Column(header: $0, source: try exportSource($0)) })
  }

  /// What a column's name means, where there is such a column.
  ///
  /// - Throws: ``ScoringError/unknownColumn(_:known:)``
  func exportSource(_ name: String) throws -> ExportSource {
    let source = ExportSource(column: name)
    let attributes = try attributeNames()
    if case .attribute(let attribute) = source, !attributes.contains(attribute) {
      throw ScoringError.unknownColumn(
        name,
        known: ExportSource.fixed + attributes.map(ExportSource.columnName(ofAttribute:)) + ExportSource.optional)
    }
    return source
  }
}
