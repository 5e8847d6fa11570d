internal import RecordFormats
internal import ScoreEngine

/// A system whose import takes what an export writes, as CSV in UTF-8.
public enum ExportPreset: String, CaseIterable, Sendable {
  /// Salesforce Data Loader, for an upsert of leads by an external id.
  case salesforce
  /// HubSpot's import of contacts.
  case hubspot

  /// An instant as the system reads it. Data Loader: `yyyy-MM-dd'T'HH:mm:ss.SSS'Z'`. A date of HubSpot has no time of day.
  func text(ofInstant milliseconds: Int64) -> String {
    let text = Instant(milliseconds: milliseconds).description
    switch self {
    case .salesforce: return text.contains(".") ? text : text.dropLast() + ".000Z"
    case .hubspot: return String(text.prefix { $0 != "T" })
    }
  }

  /// The fields that hold what leads are, with the names that the attribute may have, without spaces and signs.
  fileprivate var personFields: [(header: String, attributes: [String])] {
    let names: [[String]] = [
      ["firstname", "givenname", "forename"], ["lastname", "surname", "familyname"],
      ["company", "companyname", "organization", "organisation"], ["title", "jobtitle"],
      ["phone", "phonenumber", "telephone"],
    ]
    let headers =
      switch self {
      case .salesforce: ["FirstName", "LastName", "Company", "Title", "Phone"]
      case .hubspot: ["First Name", "Last Name", "Company Name", "Job Title", "Phone Number"]
      }
    return zip(headers, names).map { ($0, $1) }
  }

  /// The fields that hold what the rules say, after the key.
  fileprivate var scoreFields: [(header: String, source: ExportSource)] {
    switch self {
    case .salesforce:
      [
        ("Lead_Score__c", .own("score")), ("Lead_Stage__c", .own("stage")), ("Lead_Grade__c", .own("grade")),
        ("Lead_Stage_Entered__c", .own("entered_stage_at")), ("Lead_Rules_Version__c", .own("version")),
      ]
    case .hubspot:
      [
        ("Lifecycle Stage", .lifecycleStage), ("Lead Key", .own("key")), ("Lead Score", .own("score")),
        ("Lead Stage", .own("stage")), ("Lead Grade", .own("grade")),
        ("Lead Stage Entered", .own("entered_stage_at")), ("Lead Rules Version", .own("version")),
      ]
    }
  }
}

/// HubSpot's lifecycle stages.
enum LifecycleStage {
  /// The internal values of the stages that every account begins with. A stage that an account added has a number.
  static let values = [
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist",
    "other",
  ]

  /// What the stages of rules usually mean: by their ids, else by where they stand.
  static func defaults(of document: RuleDocument) -> [String: String] {
    var found = [RuleDocument.disqualifiedStage: "other"]
    for (index, stage) in document.stages.enumerated() {
      let known: String? =
        switch stage.id {
        case "mql": "marketingqualifiedlead"
        case "sql", "sal": "salesqualifiedlead"
        default: values.first { $0 == stage.id }
        }
      found[stage.id] =
        known ?? (stage.isHandoff ? "salesqualifiedlead" : index == 0 ? "lead" : "marketingqualifiedlead")
    }
    return found
  }

  static func isAllowed(_ value: String) -> Bool {
    values.contains(value) || (!value.isEmpty && value.utf8.allSatisfy { (48...57).contains($0) })
  }
}

/// Text in a file for another system.
enum PresetText {
  /// The text with an apostrophe before what a spreadsheet would run as a formula. A telephone number, which a loader
  /// should take as it is, is left alone: `+49 (30) 1234-5`.
  static func unformulated(_ text: String) -> String {
    guard CSVWriter.looksLikeFormula(text), !isTelephoneNumber(text) else { return text }
    return "'" + text
  }

  private static func isTelephoneNumber(_ text: String) -> Bool {
    text.utf8.first == UInt8(ascii: "+")
      && text.utf8.dropFirst().allSatisfy { (48...57).contains($0) || " ()-./".utf8.contains($0) }
  }
}

extension ScoringSession {
  /// The columns of a preset, changed by what the shape says of its fields.
  func presetLayout(_ shape: ExportShape, model: String) throws -> ExportLayout {
    guard let preset = shape.preset else { return ExportLayout(columns: []) }
    let document = try activeModel(model).rules.document
    let attributes = try attributeNames()
    var columns: [ExportLayout.Column] = []
    if preset == .salesforce { columns.append(.init(header: "Lead_Key__c", source: .own("key"))) }
    columns.append(.init(header: "Email", source: .email))
    for (header, names) in preset.personFields {
      let found = names.lazy.compactMap { name in attributes.first { ScoringSession.plain($0) == name } }.first
      if let found { columns.append(.init(header: header, source: .attribute(found))) }
    }
    for (header, source) in preset.scoreFields where source != .own("grade") || !document.grade.isEmpty {
      columns.append(.init(header: header, source: source))
    }
    var named: Set<String> = []
    for field in shape.fields {
      try change(&columns, field, named)
      named.insert(field.name)
    }
    guard !columns.isEmpty else { throw ScoringError.badExport("no field is left to write") }

    var layout = ExportLayout(columns: columns, preset: preset)
    layout.lifecycleStages = LifecycleStage.defaults(of: document)
    for (stage, value) in shape.lifecycleStages {
      try checkStage(stage, model: model)
      guard LifecycleStage.isAllowed(value) else {
        throw ScoringError.badExport(
          "'\(value)' is no lifecycle stage of HubSpot; there is \(LifecycleStage.values.joined(separator: ", ")), "
            + "and the number of one that your account added")
      }
      layout.lifecycleStages[stage] = value
    }
    if preset == .salesforce {
      let missing = ["LastName", "Company"].filter { !layout.headers.contains($0) }
      if let first = missing.first {
        layout.warnings.append(
          "no attribute fills \(missing.joined(separator: " or ")), without which Salesforce creates no lead; "
            + "name one by --field \(first)=ATTRIBUTE")
      }
    }
    return layout
  }

  /// Renames the field that a column fills, fills a field by another column, adds one, or takes one away.
  ///
  /// - Parameter named: the fields that were named before, which keep their names.
  private func change(
    _ columns: inout [ExportLayout.Column], _ field: (name: String, column: String), _ named: Set<String>
  ) throws {
    let index = columns.firstIndex { $0.header == field.name }
    if field.column.isEmpty {
      guard let index else {
        throw ScoringError.badExport(
          "no field '\(field.name)' to take away; there is \(columns.map(\.header).joined(separator: ", "))")
      }
      columns.remove(at: index)
      return
    }
    let source = try exportSource(field.column)
    if let index {
      columns[index].source = source
    } else if let same = columns.firstIndex(where: { $0.source == source && !named.contains($0.header) }) {
      columns[same].header = field.name
    } else {
      columns.append(ExportLayout.Column(header: field.name, source: source))
    }
  }

  /// A name's letters and digits, in lower case.
  private static func plain(_ name: String) -> String {
    String(
      String.UnicodeScalarView(
        name.lowercased().unicodeScalars.filter { $0.properties.isAlphabetic || $0.properties.numericType != nil }))
  }
}
