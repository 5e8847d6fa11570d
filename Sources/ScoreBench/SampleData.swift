/// A year of a software company's leads, made up but believable: the same seed gives the same bytes.
struct SampleData {
  private let seed: UInt64
  private let calendar: SampleCalendar
  private var leads: [SampleLead] = []
  /// In order of time.
  private var rows: [SampleRow] = []

  /// Makes the sample; a lead is the same in a small sample and in a large one. Linear but for sorting.
  init(leads count: Int, seed: UInt64, untilDay: Int) {
    self.seed = seed
    calendar = SampleCalendar(untilDay: untilDay)
    leads.reserveCapacity(count)
    var emails: Set<String> = []
    for index in 0..<count {
      var random = RandomSource(seed: seed, stream: UInt64(index))
      var lead = SampleLead(random: &random, seed: seed, calendar: calendar)
      lead.email = SampleData.unique(lead.email, among: &emails)
      let timeline = SampleTimeline(lead: lead, calendar: calendar, random: random)
      leads.append(timeline.lead)
      append(timeline.events, of: lead.email, lead: index)
    }
    addStrangers(count: min(1, count) + count / 500, firstIndex: count, among: &emails)
    rows.sort { ($0.event.instant, $0.lead, $0.ordinal) < ($1.event.instant, $1.lead, $1.ordinal) }
  }

  /// How many leads `leadsCSV` holds.
  var leadCount: Int { leads.count }
  /// How many events `eventsCSV` and `recentJSONLines` hold together.
  var eventCount: Int { rows.count }

  /// People of the last days whom no list names yet: a lead can begin with an event.
  private mutating func addStrangers(count: Int, firstIndex: Int, among emails: inout Set<String>) {
    for offset in 0..<count {
      // Streams far above those of the leads, so that strangers stay themselves in a larger sample.
      var random = RandomSource(seed: seed, stream: 0x2_0000_0000 + UInt64(offset))
      let lead = SampleLead(random: &random, seed: seed, calendar: calendar)
      let email = SampleData.unique(lead.email, among: &emails)
      var instant = calendar.recentInstant + random.below(calendar.untilInstant - calendar.recentInstant - 3_600)
      let browser = random.pick(SampleNames.browsers)
      var events: [SampleEvent] = []
      for path in ["/", "/product", "/pricing"].prefix(random.int(in: 1...3)) {
        var view = SampleEvent(.pageView, at: instant)
        view.path = path
        view.duration = random.int(in: 5...300)
        view.userAgent = browser
        events.append(view)
        instant += view.duration ?? 0
      }
      var submit = SampleEvent(.formSubmit, at: instant)
      submit.form = random.pick(["demo", "whitepaper", "newsletter"])
      submit.path = "/resources"
      submit.userAgent = browser
      events.append(submit)
      append(events, of: email, lead: 0x1_0000_0000 + offset)
    }
  }

  private mutating func append(_ events: [SampleEvent], of email: String, lead: Int) {
    for (ordinal, event) in events.enumerated() {
      rows.append(SampleRow(event: event, email: email, lead: lead, ordinal: ordinal))
    }
  }

  private static func unique(_ email: String, among emails: inout Set<String>) -> String {
    var unique = email
    var number = 2
    while !emails.insert(unique).inserted {
      let parts = email.split(separator: "@", maxSplits: 1)
      unique = parts.count == 2 ? "\(parts[0])\(number)@\(parts[1])" : "\(email)\(number)"
      number += 1
    }
    return unique
  }
}

// MARK: - Files

extension SampleData {
  /// `leads.csv`, in order of making.
  func leadsCSV() -> [UInt8] {
    var text = SampleText()
    text.row([
      "email", "created_at", "first_name", "last_name", "title", "company", "industry", "employees", "country",
      "source", "owner", "last_meeting_at", "unsubscribed",
    ])
    for lead in leads {
      text.row([
        lead.email, SampleCalendar.text(lead.createdAt), lead.firstName, lead.lastName, lead.title, lead.company,
        lead.industry, lead.employees.map(String.init) ?? "", lead.country, lead.source, lead.owner,
        lead.lastMeetingDay.map(SampleCalendar.date) ?? "", String(lead.unsubscribed),
      ])
    }
    return text.bytes
  }

  /// `events.csv`: everything but the last days.
  func eventsCSV() -> [UInt8] {
    var text = SampleText()
    text.row([
      "email", "type", "occurred_at", "id", "path", "duration", "campaign", "form", "plan", "amount", "user_agent",
    ])
    for row in rows where row.event.instant < calendar.recentInstant {
      let event = row.event
      text.row([
        row.email, event.kind.rawValue, SampleCalendar.text(event.instant), row.id(seed: seed), event.path,
        event.duration.map(String.init) ?? "", event.campaign, event.form, event.plan,
        event.amount.map(String.init) ?? "", event.userAgent,
      ])
    }
    return text.bytes
  }

  /// `recent.jsonl`: the events of the last days.
  func recentJSONLines() -> [UInt8] {
    var text = SampleText()
    for row in rows where row.event.instant >= calendar.recentInstant {
      let event = row.event
      text.object(
        [
          ("id", row.id(seed: seed)), ("key", row.email), ("type", event.kind.rawValue),
          ("occurred_at", SampleCalendar.text(event.instant)),
        ],
        texts: [
          ("path", event.path), ("campaign", event.campaign), ("form", event.form), ("plan", event.plan),
          ("user_agent", event.userAgent),
        ],
        numbers: [("duration", event.duration), ("amount", event.amount)])
    }
    return text.bytes
  }
}
