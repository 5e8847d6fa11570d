/// A field of generated facts with the values that it takes.
struct RandomField {
  enum Kind { case text, number, boolean, date, list }

  var name: String
  var kind: Kind
  var texts: [String] = []

  static let attributes: [RandomField] = [
    RandomField(
      name: "title", kind: .text,
      texts: [
        "VP Sales", "Director", "chief of staff", "ÉCOLE", "e\u{301}cole", "straße", "STRASSE", "İstanbul", "ΣΊΣΥΦΟΣ",
        "σίσυφος", "manager",
      ]),
    RandomField(name: "country", kind: .text, texts: ["DE", "us", "Österreich", "no", "ß", "Σ", "ς", "3", "true"]),
    RandomField(name: "job title", kind: .text, texts: ["Engineer", "Head of IT", "1e3", "12:30", "yes"]),
    RandomField(name: "on", kind: .text, texts: ["off", "on", "y", "2026-01-01"]),
    RandomField(name: "employees", kind: .number),
    RandomField(name: "revenue", kind: .number),
    RandomField(name: "unsubscribed", kind: .boolean),
    RandomField(name: "renewal", kind: .date),
    RandomField(name: "last_call", kind: .date),
    RandomField(name: "tags", kind: .list, texts: ["vip", "Partner", "É", "10", "2026-01-12", "yes", "trial"]),
  ]

  static let properties: [RandomField] = [
    RandomField(name: "path", kind: .text, texts: ["/pricing", "/pricing/team", "/Pricing", "/docs", "/blog/É", "/"]),
    RandomField(name: "user_agent", kind: .text, texts: ["Mozilla", "GoogleBot", "bot", "İE"]),
    RandomField(name: "amount", kind: .number),
    RandomField(name: "confirmed", kind: .boolean),
    RandomField(name: "expires_at", kind: .date),
    RandomField(name: "items", kind: .list, texts: ["pro", "Free", "ß", "5"]),
  ]

  static let eventTypes = ["page_view", "email_click", "form_submit", "demo", "deal_won"]
  /// One type is far more common than the others.
  static func eventType(using random: inout SplitMix64) -> String {
    random.chance(40) ? "page_view" : random.pick(eventTypes)
  }

  static let numbers = ["0", "1", "3", "10", "99.5", "100", "250", "1000", "-2", "0.1"]
}

/// Where generated instants begin: a Monday.
let randomEpoch: Int64 = 1_767_571_200_000

/// Conditions over fields, with operands from the values that the fields take.
struct RandomCondition {
  static let durations = [
    "90s", "15m", "60m", "1h", "12h", "24h", "1d", "3d", "7d", "1w", "2w", "28d", "4w", "30d", "60d",
  ]

  static func condition(_ fields: [RandomField], using random: inout SplitMix64, depth: Int = 2) -> RefJSON {
    var entries: [RefEntry] = []
    let count = random.pick([1, 1, 1, 1, 2, 2, 3])
    for field in random.sample(fields, count) {
      let shape = depth == 0 ? 100 : random.int(1...100)
      let nested: (inout SplitMix64) -> RefJSON = { condition(fields, using: &$0, depth: depth - 1) }
      let entry: RefEntry
      switch shape {
      case 1...7: entry = RefEntry("all", .array((0...random.int(0...1)).map { _ in nested(&random) }))
      case 8...20: entry = RefEntry("any", .array((0...random.int(0...2)).map { _ in nested(&random) }))
      case 21...28: entry = RefEntry("not", nested(&random))
      default: entry = RefEntry(field.name, matcher(field, using: &random))
      }
      if !entries.contains(where: { $0.key == entry.key }) { entries.append(entry) }
    }
    return random.chance(2) ? .object([]) : .object(entries)
  }

  static func matcher(_ field: RandomField, using random: inout SplitMix64) -> RefJSON {
    if random.chance(20) { return scalar(field, using: &random) }
    var entries: [RefEntry] = []
    for _ in 0..<random.pick([1, 1, 1, 2]) {
      let entry = operation(field, using: &random)
      if !entries.contains(where: { $0.key == entry.key }) { entries.append(entry) }
    }
    return .object(entries)
  }

  private static func operation(_ field: RandomField, using random: inout SplitMix64) -> RefEntry {
    // Any operator may meet any field; most meet one whose values they suit.
    let kind = random.chance(8) ? random.pick([.text, .number, .boolean, .date, .list]) : field.kind
    let name: String
    switch kind {
    case .text:
      name = random.pick([
        "is", "is_not", "in", "not_in", "contains", "contains_any", "starts_with", "ends_with", "like", "exists",
      ])
    case .number: name = random.pick(["is", "is_not", "in", "not_in", "lt", "lte", "gt", "gte", "exists", "contains"])
    case .boolean: name = random.pick(["is", "is", "is_not", "in", "exists", "starts_with"])
    case .date:
      name = random.pick(["before", "after", "newer_than", "newer_than", "older_than", "older_than", "exists"])
    case .list: name = random.pick(["is", "is_not", "in", "not_in", "contains", "contains_any", "like", "exists"])
    }
    return RefEntry(name, operand(of: name, field, using: &random))
  }

  private static func operand(of name: String, _ field: RandomField, using random: inout SplitMix64) -> RefJSON {
    switch name {
    case "in", "not_in":
      return .array((0...random.int(0...2)).map { _ in scalar(field, using: &random) })
    case "contains_any":
      return .array((0...random.int(0...2)).map { _ in .string(part(field, using: &random)) })
    case "contains", "starts_with", "ends_with":
      return .string(part(field, using: &random))
    case "like":
      let text = cased(text(field, using: &random), using: &random)
      let pattern: String
      switch random.int(0...4) {
      case 0: pattern = "*" + text.dropFirst()
      case 1: pattern = text.prefix(1) + "*"
      case 2: pattern = text.prefix(1) + "?" + text.dropFirst(2)
      case 3: pattern = "*" + text.dropFirst().prefix(2) + "*"
      default: pattern = text
      }
      return .string(nfc(pattern))
    case "lt", "lte", "gt", "gte": return .number(random.pick(RandomField.numbers))
    case "before", "after": return .string(date(around: randomEpoch, using: &random))
    case "newer_than", "older_than": return .string(random.pick(durations))
    case "exists": return .bool(random.chance(60))
    default: return scalar(field, using: &random)
    }
  }

  /// An operand of `is` and `in`.
  private static func scalar(_ field: RandomField, using random: inout SplitMix64) -> RefJSON {
    switch random.chance(15) ? random.pick([.text, .number, .boolean]) : field.kind {
    case .number: return random.chance(85) ? .number(random.pick(RandomField.numbers)) : "10"
    case .boolean: return random.chance(80) ? .bool(random.chance(60)) : .string(random.pick(["true", "yes", "1"]))
    case .text, .date, .list: return .string(nfc(cased(text(field, using: &random), using: &random)))
    }
  }

  private static func text(_ field: RandomField, using random: inout SplitMix64) -> String {
    field.texts.isEmpty ? random.pick(["1", "10", "true", "250", "2026-01-12", "yes"]) : random.pick(field.texts)
  }

  /// A piece of one of the field's texts.
  private static func part(_ field: RandomField, using random: inout SplitMix64) -> String {
    let text = cased(text(field, using: &random), using: &random)
    let length = random.int(1...min(4, text.count))
    return nfc(String(random.chance(50) ? text.prefix(length) : text.suffix(length)))
  }

  private static func cased(_ text: String, using random: inout SplitMix64) -> String {
    switch random.int(0...3) {
    case 0: return text.uppercased()
    case 1: return text.lowercased()
    default: return text
    }
  }

  /// A text that is an instant, near `center`, often on a whole day.
  static func date(around center: Int64, using random: inout SplitMix64) -> String {
    var instant = center + Int64(random.int(-40...40)) * RefInstant.day
    if random.chance(50) { instant += Int64(random.int(0...23)) * RefInstant.hour }
    return RandomText.instant(instant, using: &random)
  }
}
