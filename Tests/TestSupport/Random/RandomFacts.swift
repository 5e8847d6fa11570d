/// Rows of leads and events over few keys, instants and values, so that repeats and boundaries are common.
struct RandomFacts {
  private static let allKeys = ["ann@x.io", "bob@x.io", "cy@x.io", "dee@x.io", "eve@x.io"]
  private static let zone: [Int64] = [0, 0, 0, 0, 1, -1, 500]

  /// Few leads with many events meet more boundaries than many leads with few.
  private let keys: [String]
  private var leadRows: [RefLeadRow] = []
  private var eventRows: [RefEventRow] = []

  init(using random: inout SplitMix64) { keys = random.sample(Self.allKeys, random.int(1...4)) }

  mutating func leads(at now: Int64, using random: inout SplitMix64) -> [RefLeadRow] {
    var rows: [RefLeadRow] = []
    for _ in 0..<random.int(1...4) {
      if !leadRows.isEmpty, random.chance(10) {
        rows.append(random.pick(leadRows))
        continue
      }
      var row = RefLeadRow(key: key(using: &random))
      if random.chance(40) { row.createdAt = Self.instant(around: now, using: &random) }
      for field in RandomField.attributes where random.chance(field.name == "unsubscribed" ? 70 : 35) {
        row.attributes[field.name] = Self.value(field, around: now, using: &random, nulls: 10)
      }
      rows.append(row)
      leadRows.append(row)
    }
    return rows
  }

  mutating func events(at now: Int64, using random: inout SplitMix64) -> [RefEventRow] {
    var rows: [RefEventRow] = []
    for _ in 0..<random.int(2...14) {
      if !eventRows.isEmpty, random.chance(12) {
        rows.append(random.pick(eventRows))
        continue
      }
      var row = RefEventRow(
        key: key(using: &random), type: RandomField.eventType(using: &random),
        occurredAt: Self.instant(around: now, using: &random))
      if !eventRows.isEmpty, random.chance(25) { row.occurredAt = random.pick(eventRows).occurredAt }
      if random.chance(35) { row.id = random.pick(["e1", "e2", "E1", "7", "ü"]) }
      for field in RandomField.properties where random.chance(35) {
        row.properties[field.name] = Self.value(field, around: now, using: &random, nulls: 2)
      }
      rows.append(row)
      eventRows.append(row)
    }
    return rows
  }

  private func key(using random: inout SplitMix64) -> String {
    let key = random.pick(keys)
    switch random.int(0...9) {
    case 0: return key.uppercased()
    case 1: return " " + key + " "
    default: return key
    }
  }

  /// Mostly within the last two weeks and on whole hours; sometimes in the future.
  private static func instant(around now: Int64, using random: inout SplitMix64) -> Int64 {
    if random.chance(8) { return now }
    if random.chance(12) {
      // About the turn of the week, Sunday to Monday.
      let weeks = floorDiv(now - randomEpoch, RefInstant.week) - Int64(random.int(0...2))
      return randomEpoch + weeks * RefInstant.week + Int64(random.pick([-24, -1, 0, 0, 1, 23])) * RefInstant.hour
    }
    let hours: Int
    switch random.int(0...9) {
    case 0: hours = random.int(1...240)
    case 1, 2: hours = -random.int(240...1680)
    case 3, 4: hours = -24 * random.int(0...14)
    default: hours = -random.int(0...240)
    }
    let base = random.chance(80) ? floorDiv(now, RefInstant.hour) * RefInstant.hour : now
    return base + Int64(hours) * RefInstant.hour + random.pick(zone)
  }

  private static func value(
    _ field: RandomField, around now: Int64, using random: inout SplitMix64, nulls: Int
  ) -> RefValue {
    if random.chance(nulls) { return .null }
    if random.chance(4) { return random.chance(50) ? .text("") : .list([]) }
    switch random.chance(6) ? random.pick([.text, .number, .boolean, .date]) : field.kind {
    case .text:
      return .text(field.texts.isEmpty ? random.pick(["maybe", "true", "10", "DE"]) : random.pick(field.texts))
    case .number:
      if random.chance(35) {
        return .text(
          random.pick(["10", " 250 ", "1e3", "1,000", "abc", "-2.0", "inf", "99.5", "+3", "10.", ".5", "1e", "2E1"]))
      }
      return .number(random.pick([0, 1, 3, 10, 99.5, 100, 250, 1000, -2, 0.1]))
    case .boolean:
      if random.chance(45) {
        return .text(random.pick(["yes", "NO", "On", "1", "0", "TRUE", "False", "y", "n", "off", "maybe", " yes"]))
      }
      return random.chance(15) ? .number(random.pick([0, 1, 2])) : .boolean(random.chance(50))
    case .date:
      if random.chance(10) {
        return .text(random.pick(["2026-02-30", "2026-01-12T10:00:00", "soon", " 2026-01-12", "2026-01-12T10:00Z"]))
      }
      return .text(RandomCondition.date(around: now, using: &random))
    case .list:
      if random.chance(20) { return .text(random.pick(field.texts)) }
      return .list(random.sample(field.texts, random.int(1...3)))
    }
  }
}
