import ScoreEngine

/// What a key's value looks like.
indirect enum Shape: Sendable {
  case text
  case identifier
  case points
  case duration
  /// A whole number from 1 to so many.
  case count(Int64)
  /// A number from 0 to 100.
  case share
  case flag
  case number
  case instant
  case choice([String])
  /// Text, number, or true/false; the kind matters.
  case operand
  /// A text or a list of texts.
  case texts
  case condition
  case section(Section)
  case list(Shape)
  /// Any keys, each with such a value.
  case map(Shape)
  /// One of several.
  case either([Shape])
}

/// A key that a map may have.
struct KeySpec: Sendable {
  let name: String
  let shape: Shape
  /// One sentence for people, shown by editors.
  let summary: String
  var isRequired = false
  /// `key:` with nothing behind it means the same as no key.
  var mayBeEmpty = false
}

/// A map with fixed keys.
struct Section: Sendable {
  /// How messages call it: `a rule`.
  let title: String
  /// How the schema calls it.
  let name: String
  let keys: [KeySpec]

  var keyNames: [String] { keys.map(\.name) }

  func key(_ name: String) -> KeySpec? {
    keys.first { $0.name == name }
  }
}

/// Every key of the rule document, once: the parser and the schema both read this table.
enum KeyTable {
  /// Counts beyond this are slips; below it no sum of points can overflow.
  static let largestCount: Int64 = 1_000_000_000
  static let largestRepeat: Int64 = 1_000_000

  /// Every section of the rule document, to tell where a misplaced key belongs.
  static let allSections = [
    document, score, group, filter, rule, every, decay, when, silence, stage, disqualification, scale, band,
    expectation,
  ]

  static let document = Section(
    title: "the rule document", name: "document",
    keys: [
      KeySpec(name: "name", shape: .text, summary: "What people call these rules."),
      note,
      KeySpec(
        name: "conversion", shape: .section(filter),
        summary: "The event that is success, for reports and backtests.", mayBeEmpty: true),
      KeySpec(
        name: "score", shape: .section(score), summary: "Clamps the total score; each side is optional.",
        mayBeEmpty: true),
      KeySpec(
        name: "groups", shape: .map(.section(group)),
        summary: "Groups of rules by name. A group that only sums needs no entry.", mayBeEmpty: true),
      KeySpec(
        name: "ignore", shape: .list(.section(filter)),
        summary: "Events that no rule may see: bots, own staff, test traffic.", mayBeEmpty: true),
      KeySpec(name: "rules", shape: .list(.section(rule)), summary: "What earns or costs points.", mayBeEmpty: true),
      KeySpec(
        name: "stages", shape: .list(.section(stage)), summary: "The funnel, lowest stage first.", mayBeEmpty: true),
      KeySpec(
        name: "disqualify", shape: .list(.section(disqualification)),
        summary: "Conditions that put a lead in the stage 'disqualified'.", mayBeEmpty: true),
      KeySpec(
        name: "grade", shape: .list(.section(scale)),
        summary: "Scales whose labels are joined to the grade, such as A1.", mayBeEmpty: true),
      KeySpec(
        name: "expect", shape: .list(.section(expectation)),
        summary: "Conversion rates between stages, in percent; reports warn outside them.", mayBeEmpty: true),
    ])

  static let score = Section(title: "score", name: "score", keys: [minimum, maximum])

  static let group = Section(
    title: "a group", name: "group",
    keys: [
      minimum, maximum,
      KeySpec(name: "part_of", shape: .text, summary: "The group that this one counts for; the total unless given."),
      KeySpec(
        name: "take", shape: .choice(["sum", "highest"]),
        summary: "Whether members add up or only the highest that is not 0 counts."),
      note,
    ])

  static let filter = Section(title: "an event filter", name: "filter", keys: [event, condition(on: "where")])

  static let rule = Section(
    title: "a rule", name: "rule",
    keys: [
      identifier, name, note,
      KeySpec(name: "group", shape: .text, summary: "The group that the points count for; the total unless given."),
      KeySpec(
        name: "points", shape: .points, summary: "Points earned; negative ones are lost. At most two decimals.",
        isRequired: true),
      KeySpec(name: "if", shape: .condition, summary: "A condition over the lead's attributes that gates the rule."),
      KeySpec(name: "every", shape: .section(every), summary: "Points for every matching event."),
      KeySpec(name: "when", shape: .section(when), summary: "Points once, for a number of events in a window."),
      KeySpec(name: "silence", shape: .section(silence), summary: "Points when no matching event happens for a while."),
    ])

  static let every = Section(
    title: "every", name: "every",
    keys: [
      event, condition(on: "where"), oncePer, within,
      KeySpec(name: "limit", shape: .count(largestCount), summary: "Only the last so many events count."),
      KeySpec(name: "decay", shape: .section(decay), summary: "How an event's worth falls with its age."),
    ])

  static let decay = Section(
    title: "decay", name: "decay",
    keys: [
      KeySpec(name: "percent", shape: .count(100), summary: "The loss at each step, 1 to 100.", isRequired: true),
      KeySpec(name: "every", shape: .duration, summary: "The length of a step, such as 30d.", isRequired: true),
      KeySpec(name: "linear", shape: .flag, summary: "true: percent of the first worth, not of what is left."),
    ])

  static let when = Section(
    title: "when", name: "when",
    keys: [
      event, condition(on: "where"), oncePer, within,
      KeySpec(name: "at_least", shape: .count(largestCount), summary: "How many events it takes; 1 unless given."),
    ])

  static let silence = Section(
    title: "silence", name: "silence",
    keys: [
      event, condition(on: "where"),
      KeySpec(name: "for", shape: .duration, summary: "The length of the silence, such as 28d.", isRequired: true),
      KeySpec(
        name: "repeat", shape: .count(largestRepeat), summary: "How many such spans count at most; 1 unless given."),
    ])

  static let stage = Section(
    title: "a stage", name: "stage",
    keys: [
      identifier, name, note,
      KeySpec(
        name: "enter", shape: .map(.points),
        summary: "Minimums by group (or score) to enter; every stage but the first has them."),
      KeySpec(name: "keep", shape: .map(.points), summary: "Minimums to stay; those of enter unless given."),
      KeySpec(name: "if", shape: .condition, summary: "Must hold too, to enter and to stay."),
      KeySpec(name: "handoff", shape: .flag, summary: "true: leads in this stage are handed over to sales."),
    ])

  static let disqualification = Section(
    title: "a disqualify entry", name: "disqualification",
    keys: [
      identifier, name, note,
      KeySpec(
        name: "if", shape: .condition, summary: "A condition over the lead's attributes.", isRequired: true),
    ])

  static let scale = Section(
    title: "a grade entry", name: "scale",
    keys: [
      KeySpec(name: "group", shape: .text, summary: "The group (or score) that is graded.", isRequired: true),
      KeySpec(
        name: "bands", shape: .list(.section(band)), summary: "Labels and the score from which each holds.",
        isRequired: true),
    ])

  static let band = Section(
    title: "a band", name: "band",
    keys: [
      KeySpec(name: "at", shape: .points, summary: "The score from which the label holds; absent for the rest."),
      KeySpec(name: "label", shape: .text, summary: "The label, such as A.", isRequired: true),
    ])

  static let expectation = Section(
    title: "an expect entry", name: "expectation",
    keys: [
      KeySpec(name: "from", shape: .text, summary: "The stage that leads start from.", isRequired: true),
      KeySpec(name: "to", shape: .text, summary: "The stage that they should reach.", isRequired: true),
      KeySpec(name: "within", shape: .duration, summary: "How long they may take, such as 90d."),
      KeySpec(name: "min", shape: .share, summary: "The least rate, in percent."),
      KeySpec(name: "max", shape: .share, summary: "The greatest rate, in percent."),
    ])

  /// The operators of a matcher.
  static let matcher = Section(
    title: "a matcher", name: "matcher",
    keys: [
      KeySpec(name: "is", shape: .operand, summary: "Equals the operand."),
      KeySpec(name: "is_not", shape: .operand, summary: "Does not equal the operand, or is absent."),
      KeySpec(name: "in", shape: .list(.operand), summary: "Equals one of the list."),
      KeySpec(name: "not_in", shape: .list(.operand), summary: "Equals none of the list, or is absent."),
      KeySpec(name: "contains", shape: .text, summary: "Contains the text."),
      KeySpec(name: "contains_any", shape: .list(.text), summary: "Contains one of the texts."),
      KeySpec(name: "starts_with", shape: .text, summary: "Begins with the text."),
      KeySpec(name: "ends_with", shape: .text, summary: "Ends with the text."),
      KeySpec(name: "like", shape: .text, summary: "Matches the whole text; * any run, ? any one character."),
      KeySpec(name: "lt", shape: .number, summary: "Is a number less than the operand."),
      KeySpec(name: "lte", shape: .number, summary: "Is a number less than the operand, or equal."),
      KeySpec(name: "gt", shape: .number, summary: "Is a number greater than the operand."),
      KeySpec(name: "gte", shape: .number, summary: "Is a number greater than the operand, or equal."),
      KeySpec(name: "before", shape: .instant, summary: "Is an instant before the operand."),
      KeySpec(name: "after", shape: .instant, summary: "Is an instant after the operand."),
      KeySpec(name: "newer_than", shape: .duration, summary: "Is an instant less than so long ago."),
      KeySpec(name: "older_than", shape: .duration, summary: "Is an instant at least so long ago."),
      KeySpec(name: "exists", shape: .flag, summary: "true: is present; false: is absent."),
    ])

  private static let identifier = KeySpec(
    name: "id", shape: .identifier, summary: "Unique; small letters, digits, - and _.", isRequired: true)
  private static let name = KeySpec(name: "name", shape: .text, summary: "What people call it.")
  private static let note = KeySpec(name: "note", shape: .text, summary: "Free text for people: why it is so.")
  private static let minimum = KeySpec(name: "min", shape: .points, summary: "The least the sum can be.")
  private static let maximum = KeySpec(name: "max", shape: .points, summary: "The greatest the sum can be.")
  private static let event = KeySpec(
    name: "event", shape: .texts, summary: "An event type or a list; any type if absent.")
  private static let within = KeySpec(
    name: "within", shape: .duration, summary: "Only events younger than this, such as 90d.")
  private static let oncePer = KeySpec(
    name: "once_per", shape: .choice(OncePer.allCases.map(\.rawValue)),
    summary: "Only the first event in each UTC hour, day or ISO week counts.")

  private static func condition(on name: String) -> KeySpec {
    KeySpec(name: name, shape: .condition, summary: "A condition over the event's properties.")
  }
}
