/// Something that a lead of the sample did.
struct SampleEvent {
  enum Kind: String {
    case appLogin = "app_login"
    case dealLost = "deal_lost"
    case dealWon = "deal_won"
    case emailClick = "email_click"
    case emailOpen = "email_open"
    case emailUnsubscribe = "email_unsubscribe"
    case formSubmit = "form_submit"
    case pageView = "page_view"
    case trialStart = "trial_start"
    case webinarAttend = "webinar_attend"
    case webinarSignup = "webinar_signup"
  }

  var kind: Kind
  /// Seconds since 1970.
  var instant: Int
  var path = ""
  /// Seconds on the page.
  var duration: Int?
  var campaign = ""
  var form = ""
  var plan = ""
  /// What the deal is worth in a year, in whole currency units.
  var amount: Int?
  var userAgent = ""

  init(_ kind: Kind, at instant: Int) {
    self.kind = kind
    self.instant = instant
  }
}

/// An event, whose it is, and its place in that lead's life; the two numbers make the id.
struct SampleRow {
  var event: SampleEvent
  var email: String
  var lead: Int
  var ordinal: Int

  /// The same for the same seed, lead and place, whatever else the sample holds.
  func id(seed: UInt64) -> String {
    let hash = RandomSource.mixed(seed ^ RandomSource.mixed(UInt64(lead) << 24 | UInt64(ordinal)))
    let digits = String(hash >> 8, radix: 16)
    return "ev_" + String(repeating: "0", count: 14 - digits.count) + digits
  }
}
