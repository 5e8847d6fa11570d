/// Writes the life of one lead: visits, mail, webinars, and for some a project that ends in a deal.
struct SampleTimeline {
  private(set) var lead: SampleLead
  private(set) var events: [SampleEvent] = []
  private let calendar: SampleCalendar
  private var random: RandomSource
  private let browser: String
  /// From this day on the lead is not heard of again.
  private var silentFrom = Int.max

  /// Writes everything at once; read `lead` and `events` afterwards.
  init(lead: SampleLead, calendar: SampleCalendar, random: RandomSource) {
    self.lead = lead
    self.calendar = calendar
    self.random = random
    browser = self.random.pick(SampleNames.browsers)
    addFirstContact()
    addVisits()
    if lead.interest == .evaluator {
      addProject()
      if self.random.chance(150) { addProject() }
    }
    addMail()
    addWebinars()
    events.removeAll { $0.instant < lead.createdAt || $0.instant >= calendar.untilInstant }
    addFirstView()
  }

  private var createdDay: Int { lead.createdAt / SampleCalendar.secondsPerDay }

  // MARK: - On the web site

  private mutating func addFirstContact() {
    guard ["Organic search", "Paid search", "Social", "Referral", "Partner"].contains(lead.source) else { return }
    var submit = SampleEvent(.formSubmit, at: lead.createdAt + 120 + random.below(400))
    submit.form = random.pick(weighted: [("newsletter", 45), ("whitepaper", 40), ("contact", 10), ("demo", 5)])
    submit.path = "/resources"
    submit.userAgent = browser
    events.append(submit)
  }

  /// A lead from the web site was created by the page it came to.
  private mutating func addFirstView() {
    guard ["Organic search", "Paid search", "Social"].contains(lead.source) else { return }
    events.append(view("/", at: lead.createdAt, seconds: 60))
  }

  private mutating func addVisits() {
    let pace: (gap: Int, leaving: Int)
    switch lead.interest {
    case .cold: pace = (9, 450)
    case .reader: pace = (12, 50)
    case .evaluator: pace = (14, 70)
    case .jobSeeker: pace = (3, 300)
    }
    var day = createdDay
    while day < calendar.untilDay {
      if !(SampleCalendar.isHolidaySeason(day) && random.chance(500)) { addVisit(day: day, isProject: false) }
      if random.chance(pace.leaving) {
        silentFrom = day + random.heavyTail(scale: 4, doubling: 600, cap: 60)
        return
      }
      day += random.heavyTail(scale: pace.gap, doubling: 350, cap: 120)
    }
  }

  private mutating func addVisit(day: Int, isProject: Bool) {
    var instant = SampleCalendar.workingInstant(day: day, hoursEast: lead.hoursEast, random: &random)
    let pages = random.heavyTail(scale: isProject ? 4 : 2, doubling: isProject ? 380 : 280, cap: 60)
    if pages == 1, random.chance(400) {
      events.append(view(path(isProject: isProject), at: instant, seconds: random.below(3)))
      return
    }
    for _ in 0..<pages {
      let seconds = random.heavyTail(scale: 20, doubling: 550, cap: 1_800)
      events.append(view(path(isProject: isProject), at: instant, seconds: seconds))
      instant += seconds + random.below(8)
    }
    if random.chance(isProject ? 120 : 40) {
      var submit = SampleEvent(.formSubmit, at: instant)
      submit.form = random.pick(weighted: [("whitepaper", 60), ("report", 25), ("newsletter", 15)])
      submit.path = "/resources"
      submit.userAgent = browser
      events.append(submit)
    }
  }

  private mutating func path(isProject: Bool) -> String {
    if lead.interest == .jobSeeker, random.chance(650) {
      return random.pick(["/careers", "/careers/engineering", "/careers/sales-associate", "/about"])
    }
    return random.pick(weighted: isProject ? SampleTimeline.projectPaths : SampleTimeline.readerPaths)
  }

  private func view(_ path: String, at instant: Int, seconds: Int) -> SampleEvent {
    var view = SampleEvent(.pageView, at: instant)
    view.path = path
    view.duration = seconds
    view.userAgent = browser
    return view
  }

  private static let readerPaths: [(element: String, weight: Int)] = [
    ("/", 20), ("/blog/lead-scoring-basics", 10), ("/blog/five-dashboards", 8), ("/blog/été-2026-roundup", 3),
    ("/blog/gdpr-checklist", 7), ("/docs/getting-started", 9), ("/docs/api", 7), ("/product", 10),
    ("/product/integrations", 6), ("/customers", 6), ("/resources", 6), ("/pricing", 4), ("/about", 4), ("/careers", 1),
  ]
  private static let projectPaths: [(element: String, weight: Int)] = [
    ("/", 8), ("/pricing", 17), ("/pricing/enterprise", 7), ("/product", 14), ("/product/integrations", 9),
    ("/product/security", 8), ("/docs/getting-started", 10), ("/docs/api", 9), ("/customers", 7),
    ("/customers/northwind", 4), ("/resources", 4), ("/blog/lead-scoring-basics", 3),
  ]

  // MARK: - A project

  /// Some weeks of comparing products, then a decision: the better the fit and the closer the look, the likelier a deal.
  private mutating func addProject() {
    let first = createdDay + random.below(max(1, calendar.untilDay - createdDay))
    let length = random.int(in: 12...50)
    let silent = min(silentFrom, calendar.untilDay)
    silentFrom = max(silentFrom, first + length)
    var visits = 0
    var day = first
    while day < first + length {
      addVisit(day: day, isProject: true)
      visits += 1
      day += random.heavyTail(scale: 4, doubling: 250, cap: 20)
    }

    var chance = 20 + lead.fit * 4 + min(visits, 15) * 8
    let askedForDemo = random.chance(220 + lead.fit * 5)
    if askedForDemo {
      chance += 130
      let day = first + random.below(length)
      var submit = SampleEvent(
        .formSubmit, at: SampleCalendar.workingInstant(day: day, hoursEast: lead.hoursEast, random: &random))
      submit.form = random.pick(weighted: [("demo", 75), ("contact", 25)])
      submit.path = "/demo"
      submit.userAgent = browser
      events.append(submit)
      let meeting = day + random.int(in: 2...9)
      if meeting < calendar.untilDay, random.chance(800) {
        lead.lastMeetingDay = max(meeting, lead.lastMeetingDay ?? 0)
      }
    }
    if random.chance(350) {
      chance += 150
      addTrial(from: first + random.below(length))
    }
    let decision = first + length + random.int(in: 3...30)
    if random.chance(min(800, chance)) {
      addDeal(.dealWon, day: decision)
    } else if askedForDemo {
      addDeal(.dealLost, day: decision + random.below(20))
      silentFrom = max(silent, first + length)
    }
  }

  private mutating func addTrial(from first: Int) {
    let instant = SampleCalendar.workingInstant(day: first, hoursEast: lead.hoursEast, random: &random)
    var start = SampleEvent(.trialStart, at: instant)
    start.plan = random.pick(weighted: [("team", 70), ("business", 30)])
    start.path = "/signup"
    start.userAgent = browser
    events.append(start)
    let isUsed = random.chance(600)
    for day in 0..<14 where random.chance(isUsed ? 500 : 90) {
      addLogin(day: first + day, plan: "trial")
    }
  }

  private mutating func addLogin(day: Int, plan: String) {
    var login = SampleEvent(
      .appLogin, at: SampleCalendar.workingInstant(day: day, hoursEast: lead.hoursEast, random: &random))
    login.plan = plan
    login.userAgent = browser
    events.append(login)
  }

  private mutating func addDeal(_ kind: SampleEvent.Kind, day: Int) {
    var deal = SampleEvent(
      kind, at: SampleCalendar.workingInstant(day: day, hoursEast: lead.hoursEast, random: &random))
    deal.amount = random.heavyTail(scale: 4_000 + 10 * min(2_000, lead.employees ?? 50), doubling: 250, cap: 400_000)
    deal.plan = (deal.amount ?? 0) > 20_000 ? "enterprise" : "business"
    events.append(deal)
    guard kind == .dealWon, deal.instant < calendar.untilInstant else { return }
    lead.lastMeetingDay = max(day - random.int(in: 1...6), lead.lastMeetingDay ?? 0)
    var next = day + 2
    while next < calendar.untilDay, random.chance(930) {
      addLogin(day: next, plan: deal.plan)
      next += random.heavyTail(scale: 6, doubling: 300, cap: 30)
    }
  }

  // MARK: - Mail and webinars

  /// A newsletter every second Tuesday.
  private mutating func addMail() {
    let openChance = [.cold: 60, .reader: 300, .evaluator: 360, .jobSeeker: 90][lead.interest] ?? 0
    var day = calendar.firstDay + (8 - SampleCalendar.weekday(calendar.firstDay)) % 7
    while day < calendar.untilDay, !lead.unsubscribed {
      defer { day += 14 }
      guard day > createdDay else { continue }
      let campaign = "newsletter-\(SampleCalendar.date(day))"
      let sentAt = day * SampleCalendar.secondsPerDay + 8 * 3_600
      if lead.isBehindScanner { addScan(campaign: campaign, sentAt: sentAt) }
      guard random.chance(day < silentFrom ? openChance : openChance / 12) else { continue }
      let openedAt = sentAt + random.heavyTail(scale: 1_800, doubling: 650, cap: 5 * SampleCalendar.secondsPerDay)
      events.append(mail(.emailOpen, campaign: campaign, at: openedAt, userAgent: browser))
      if random.chance(25) {
        events.append(mail(.emailUnsubscribe, campaign: campaign, at: openedAt + 30, userAgent: browser))
        lead.unsubscribed = openedAt + 30 < calendar.untilInstant
      } else if random.chance(200) {
        let clickedAt = openedAt + random.int(in: 5...120)
        events.append(mail(.emailClick, campaign: campaign, at: clickedAt, userAgent: browser))
        events.append(view(path(isProject: false), at: clickedAt + 1, seconds: random.int(in: 2...240)))
      }
    }
  }

  /// A gateway that follows every link within seconds of delivery.
  private mutating func addScan(campaign: String, sentAt: Int) {
    let bot = random.pick(SampleNames.bots)
    events.append(mail(.emailOpen, campaign: campaign, at: sentAt + 1, userAgent: bot))
    for _ in 0..<random.int(in: 3...9) {
      events.append(mail(.emailClick, campaign: campaign, at: sentAt + random.int(in: 1...3), userAgent: bot))
    }
  }

  private func mail(
    _ kind: SampleEvent.Kind, campaign: String, at instant: Int, userAgent: String
  ) -> SampleEvent {
    var mail = SampleEvent(kind, at: instant)
    mail.campaign = campaign
    mail.userAgent = userAgent
    return mail
  }

  /// A webinar every fourth Thursday at 14:00 UTC.
  private mutating func addWebinars() {
    let chance = [.reader: 45, .evaluator: 80][lead.interest] ?? 6
    var day = calendar.firstDay + (10 - SampleCalendar.weekday(calendar.firstDay)) % 7
    while day < calendar.untilDay + 14 {
      defer { day += 28 }
      let signupDay = day - random.int(in: 1...12)
      guard signupDay > createdDay, signupDay < silentFrom, random.chance(chance) else { continue }
      let campaign = "webinar-\(SampleCalendar.date(day))"
      let signedUpAt = SampleCalendar.workingInstant(day: signupDay, hoursEast: lead.hoursEast, random: &random)
      events.append(mail(.webinarSignup, campaign: campaign, at: signedUpAt, userAgent: browser))
      guard random.chance(550) else { continue }
      var attended = mail(
        .webinarAttend, campaign: campaign, at: day * SampleCalendar.secondsPerDay + 14 * 3_600 + random.below(600),
        userAgent: browser)
      attended.duration = random.int(in: 300...3_300)
      events.append(attended)
    }
  }
}
