internal import RuleFile

extension TablePreset {
  /// Mautic: its export of contacts, and its tables of page hits, email statistics, form submissions and downloads as CSV.
  ///
  /// In Mautic a contact's `title` is Mr or Mrs, and `position` what others call the title.
  static let mautic = TablePreset(
    layouts: [pageHits, emailStats, formSubmissions, downloads, contacts], pages: ["contacts"],
    absent: ["NULL", "\\N", "null"])

  private static let contacts = TableLayout(
    name: "contacts", kind: .leads, marks: [["id", "contactid"], ["email", "firstname", "lastname"]],
    key: ["email", "id", "contactid"], ids: ["id", "contactid"], idPrefix: "mautic:",
    createdAt: ["dateadded", "dateidentified"],
    names: [
      "id": "mautic_id", "contactid": "mautic_id", "email": "email", "firstname": "first_name",
      "lastname": "last_name", "title": "salutation", "position": "title", "company": "company",
      "primarycompany": "company", "phone": "phone", "mobile": "mobile_phone", "website": "website",
      "address1": "street", "address2": "street_2", "city": "city", "state": "state", "zipcode": "postal_code",
      "country": "country", "industry": "industry", "points": "mautic_points", "lastactive": "last_activity",
      "stage": "mautic_stage", "tags": "tags", "ownedbyuser": "owner", "donotemail": "unsubscribed",
    ],
    skip: ["datemodified"], flags: ["donotemail"], lists: ["tags": "|"])

  private static let eventNames = [
    "url": "url", "urltitle": "title", "referer": "referrer", "useragent": "user_agent", "emailid": "email_id",
    "pageid": "page_id", "formid": "form_id", "formname": "form", "assetid": "asset_id", "pagetitle": "title",
  ]

  private static let pageHits = TableLayout(
    name: "page hits", kind: .events, marks: [["datehit"], ["leadid", "contactid", "email"]],
    key: ["leadid", "contactid", "email"], idPrefix: "mautic:", address: ["email"], type: .text("page_view"),
    occurredAt: ["datehit"], id: ["id", "hitid"], names: eventNames, skip: ["ipid", "remotehost", "trackingid"])

  private static let emailStats = TableLayout(
    name: "email statistics", kind: .events,
    marks: [["datesent"], ["dateread"], ["leadid", "contactid", "emailaddress"]],
    key: ["leadid", "contactid", "emailaddress"], idPrefix: "mautic:", address: ["emailaddress"],
    type: .text("email_sent"), occurredAt: ["datesent"], id: ["id"],
    extras: [TableLayout.Extra(type: "email_open", occurredAt: "dateread", flag: nil)], names: eventNames,
    skip: [
      "emailaddress", "isread", "dateread", "tokens", "trackinghash", "ipid", "copyid", "opendetails", "lastopened",
      "opencount", "generatedsentdate",
    ], flags: ["isfailed"])

  private static let formSubmissions = TableLayout(
    name: "form submissions", kind: .events, marks: [["datesubmitted"], ["leadid", "contactid", "email"]],
    key: ["leadid", "contactid", "email"], idPrefix: "mautic:", address: ["email"], type: .text("form_submit"),
    occurredAt: ["datesubmitted"], id: ["id", "submissionid"], names: eventNames, skip: ["ipid", "trackingid"])

  private static let downloads = TableLayout(
    name: "downloads", kind: .events, marks: [["datedownload"], ["leadid", "contactid", "email"]],
    key: ["leadid", "contactid", "email"], idPrefix: "mautic:", address: ["email"], type: .text("download"),
    occurredAt: ["datedownload"], id: ["id"], names: eventNames, skip: ["ipid", "trackingid"])
}
