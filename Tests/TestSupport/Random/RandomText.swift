/// Rows and instants as the text that a file of facts holds.
public enum RandomText {
  /// `instant` in one of the forms that read back as the same instant.
  public static func instant(_ instant: Int64, using random: inout SplitMix64) -> String {
    let fraction = floorMod(instant, RefInstant.second)
    let isMidnight = floorMod(instant, RefInstant.day) == 0
    switch random.int(0...7) {
    case 0 where isMidnight:
      return RefInstant.date(instant)
    case 1:
      let offset = Int64(random.pick([-330, -60, 60, 120, 345, 840]))
      let size = abs(offset)
      let zone =
        (offset < 0 ? "-" : "+") + RefInstant.padded(size / 60, 2) + (random.chance(50) ? ":" : "")
        + RefInstant.padded(size % 60, 2)
      return RefInstant.text(instant + offset * RefInstant.minute, separator: "T") + digits(fraction, &random) + zone
    case 2:
      return RefInstant.text(instant, separator: "t") + digits(fraction, &random) + "z"
    case 3:
      return RefInstant.text(instant, separator: " ") + digits(fraction, &random)
    case 4 where floorMod(instant, RefInstant.minute) == 0:
      return String(RefInstant.text(instant, separator: " ").dropLast(3))
    default:
      return RefInstant.rfc3339(instant)
    }
  }

  private static func digits(_ fraction: Int64, _ random: inout SplitMix64) -> String {
    if fraction == 0 { return random.chance(80) ? "" : ".0" }
    return "." + RefInstant.padded(fraction, 3) + (random.chance(30) ? "999" : "")
  }

  /// Rows of leads as JSON Lines.
  public static func jsonLines(_ rows: [RefLeadRow], using random: inout SplitMix64) -> String {
    var text = ""
    for row in rows {
      var entries = [RefEntry("key", .string(row.key))]
      if let createdAt = row.createdAt {
        entries.append(RefEntry("created_at", .string(instant(createdAt, using: &random))))
      }
      if !row.attributes.isEmpty || random.chance(50) { entries.append(RefEntry("attributes", tree(row.attributes))) }
      text += RefJSON.object(random.shuffled(entries)).renderJSON() + "\n"
    }
    return text
  }

  /// Rows of events as JSON Lines.
  public static func jsonLines(_ rows: [RefEventRow], using random: inout SplitMix64) -> String {
    var text = ""
    for row in rows {
      var entries = [
        RefEntry("key", .string(row.key)), RefEntry("type", .string(row.type)),
        RefEntry("occurred_at", .string(instant(row.occurredAt, using: &random))),
      ]
      if let id = row.id { entries.append(RefEntry("id", .string(id))) }
      if !row.properties.isEmpty || random.chance(50) { entries.append(RefEntry("properties", tree(row.properties))) }
      text += RefJSON.object(random.shuffled(entries)).renderJSON() + "\n"
    }
    return text
  }

  private static func tree(_ values: [String: RefValue]) -> RefJSON {
    .object(
      values.sorted { $0.key < $1.key }.map { name, value in
        switch value {
        case .text(let text): return RefEntry(name, .string(text))
        case .number(let number): return RefEntry(name, .number(RefText.decimal(number)))
        case .boolean(let flag): return RefEntry(name, .bool(flag))
        case .list(let items): return RefEntry(name, .array(items.map { .string($0) }))
        case .null: return RefEntry(name, .null)
        }
      })
  }
}
