/// A person of the sample: the row in `leads.csv`, and what decides how that person behaves.
struct SampleLead {
  /// What brings somebody to the web site.
  enum Interest {
    /// Looks once or twice and is gone.
    case cold
    /// Reads for months without a project.
    case reader
    /// Has a project and compares products.
    case evaluator
    case jobSeeker
  }

  var email: String
  var firstName: String
  var lastName: String
  /// Empty where nobody ever asked; so are the other texts below.
  var title: String
  var company: String
  var industry: String
  var employees: Int?
  var country: String
  var source: String
  var owner: String
  var createdAt: Int
  var unsubscribed = false
  /// The day of the last meeting with sales.
  var lastMeetingDay: Int?

  let hoursEast: Int
  let interest: Interest
  /// 0 to 75: how well person and company suit the product, which is what wins deals in the sample.
  let fit: Int
  /// Behind a mail gateway that opens every link before the person does.
  let isBehindScanner: Bool

  /// Draws a person.
  init(random: inout RandomSource, seed: UInt64, calendar: SampleCalendar) {
    let company = SampleCompany(seed: seed, random: &random)
    let country = company.country
    let first = random.pick(country.firstNames)
    let last = random.pick(country.lastNames)
    let seniority = random.pick(weighted: SampleLead.seniorities)
    let isJobSeeker = seniority.rawValue <= SampleSeniority.manager.rawValue && random.chance(45)
    let usesFreeMail = random.chance(seniority == .student || isJobSeeker ? 800 : 110)

    firstName = first.text
    lastName = last.text
    let host = usesFreeMail ? random.pick(SampleNames.freeMailHosts) : company.host
    email = random.chance(120) ? "\(last.address)@\(host)" : "\(first.address).\(last.address)@\(host)"
    title = SampleLead.title(seniority, in: country, random: &random)
    self.company = seniority == .student || random.chance(40) ? "" : company.name
    industry = self.company.isEmpty || random.chance(80) ? "" : company.industry
    employees = self.company.isEmpty || random.chance(120) ? nil : company.employees
    self.country = random.chance(30) ? "" : country.name
    source = random.pick(weighted: SampleNames.sources)
    let region = abs(country.hoursEast) < 3 ? "Europe" : country.hoursEast < 0 ? "Americas" : "Asia Pacific"
    owner = random.pick(SampleNames.owners[region] ?? [""])
    hoursEast = country.hoursEast
    isBehindScanner = company.hasScanner && !usesFreeMail

    var fit = [-30, 4, 12, 22, 25][seniority.rawValue] + company.fit + (usesFreeMail ? -15 : 0)
    if ["Referral", "Partner"].contains(source) { fit += 10 }
    self.fit = max(0, min(75, fit))
    if isJobSeeker {
      interest = .jobSeeker
    } else if random.chance(40 + self.fit * 3) {
      interest = .evaluator
    } else {
      interest = random.chance(330) ? .reader : .cold
    }

    // More leads lately than a year ago: a third of them takes the later of two draws. The last days stay free, so that
    // every lead of the list is there before the recent events begin (a weekend moves a day by up to six).
    let span = SampleCalendar.length - SampleCalendar.recentLength - 9
    let draw = random.below(span)
    let offset = random.chance(350) ? max(draw, random.below(span)) : draw
    createdAt = SampleCalendar.workingInstant(
      day: calendar.firstDay + offset, hoursEast: country.hoursEast, random: &random)
  }

  private static let seniorities: [(element: SampleSeniority, weight: Int)] = [
    (.student, 5), (.specialist, 40), (.manager, 28), (.director, 18), (.executive, 9),
  ]

  private static func title(
    _ seniority: SampleSeniority, in country: SampleCountry, random: inout RandomSource
  ) -> String {
    if random.chance(90) { return "" }
    if let local = country.titles[seniority], random.chance(600) { return random.pick(local) }
    return random.pick(SampleNames.titles[seniority] ?? [""])
  }
}

/// A company of the sample: the same number is the same company for every lead that works there.
struct SampleCompany {
  let name: String
  let host: String
  let country: SampleCountry
  let industry: String
  let employees: Int
  let hasScanner: Bool

  /// Draws one of 1,400 companies; those with low numbers have more leads.
  init(seed: UInt64, random: inout RandomSource) {
    let number = min(random.below(1_400), random.below(1_400))
    var own = RandomSource(seed: seed, stream: 0x1_0000_0000 + UInt64(number))
    country = own.pick(weighted: SampleNames.countries.map { ($0, $0.weight) })
    // The number's own stem, so that two companies seldom share a name.
    let stem = SampleNames.companyStems[number % SampleNames.companyStems.count]
    let word = own.pick(country.companyWords)
    name = own.chance(15) ? "\(stem) \"\(country.name)\" \(word)" : "\(stem) \(word)"
    let second = own.chance(500) ? SampleName.folded(word) : String(number)
    host = "\(SampleName.folded(stem))-\(second.isEmpty ? String(number) : second).example"
    industry = own.pick(weighted: SampleNames.industries)
    employees = own.heavyTail(scale: own.int(in: 8...30), doubling: 720, cap: 60_000)
    hasScanner = employees > 200 && own.chance(160)
  }

  /// 0 to 50.
  var fit: Int {
    var fit = employees >= 1_000 ? 20 : employees >= 200 ? 25 : employees >= 50 ? 15 : employees >= 10 ? 5 : 0
    if ["Software", "Manufacturing", "Financial Services", "Logistics"].contains(industry) { fit += 15 }
    if !["India", "Brazil", "Japan"].contains(country.name) { fit += 10 }
    return fit
  }
}
