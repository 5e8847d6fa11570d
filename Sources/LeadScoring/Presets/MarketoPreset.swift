internal import RuleFile

extension TablePreset {
  /// Marketo: bulk extracts of leads and activities, exports of lists from its pages, and records of its REST API.
  ///
  /// An empty field of a bulk extract is the word `null`.
  static let marketo = TablePreset(layouts: [activities, leads], pages: ["result"], absent: ["null"])

  private static let leads = TableLayout(
    name: "leads", kind: .leads,
    marks: [["email", "emailaddress", "id"], ["firstname", "lastname", "createdat", "created"]],
    key: ["email", "emailaddress", "id"], ids: ["id"], idPrefix: "marketo:", createdAt: ["createdat", "created"],
    names: [
      "id": "marketo_id", "email": "email", "emailaddress": "email", "firstname": "first_name",
      "lastname": "last_name", "fullname": "name", "title": "title", "jobtitle": "title", "company": "company",
      "companyname": "company", "phone": "phone", "phonenumber": "phone", "mobilephone": "mobile_phone",
      "mobilephonenumber": "mobile_phone", "website": "website", "address": "street", "city": "city",
      "state": "state", "postalcode": "postal_code", "country": "country", "industry": "industry",
      "numberofemployees": "employees", "numemployees": "employees", "annualrevenue": "revenue",
      "leadsource": "source", "personsource": "source", "leadstatus": "status", "personstatus": "status",
      "leadscore": "marketo_score", "personscore": "marketo_score", "unsubscribed": "unsubscribed",
      "emailinvalid": "email_invalid", "donotcall": "do_not_call", "sfdcid": "salesforce_id",
    ],
    skip: ["updatedat"],
    flags: [
      "unsubscribed", "emailinvalid", "donotcall", "emailsuspended", "marketingsuspended", "blacklisted", "blocklisted",
    ])

  private static let activities = TableLayout(
    name: "activities", kind: .events, marks: [["leadid"], ["activitydate"], ["activitytypeid"]], key: ["leadid"],
    idPrefix: "marketo:", type: .column("activitytypeid", words: activityTypes, other: "marketo_activity_"),
    occurredAt: ["activitydate"], id: ["marketoguid", "id"],
    names: [
      "primaryattributevalue": "asset", "primaryattributevalueid": "asset_id", "campaignid": "campaign_id",
      "webpageurl": "path", "pageurl": "path", "useragent": "user_agent", "referrerurl": "referrer",
      "queryparameters": "search", "clientipaddress": "ip",
    ],
    namesByType: [
      "form_submit": ["asset": "form", "asset_id": "form_id"], "page_view": ["asset": "page", "asset_id": "page_id"],
      "email_sent": ["asset": "email"], "email_delivered": ["asset": "email"], "email_open": ["asset": "email"],
      "email_click": ["asset": "email"], "email_bounce": ["asset": "email"], "email_bounce_soft": ["asset": "email"],
      "email_unsubscribe": ["asset": "email"], "link_click": ["asset": "url"],
    ],
    unfold: ["attributes"])

  /// By the numbers that are the same in every subscription; custom activities have their own, from 100000 on.
  private static let activityTypes = [
    "1": "page_view", "2": "form_submit", "3": "link_click", "6": "email_sent", "7": "email_delivered",
    "8": "email_bounce", "9": "email_unsubscribe", "10": "email_open", "11": "email_click", "12": "new_lead",
    "13": "change_data_value", "19": "sync_lead_to_sfdc", "21": "convert_lead", "22": "change_score",
    "23": "change_owner", "24": "add_to_list", "25": "remove_from_list", "26": "sfdc_activity",
    "27": "email_bounce_soft", "32": "merge_leads", "34": "add_to_opportunity", "35": "remove_from_opportunity",
    "36": "update_opportunity", "38": "send_alert", "39": "sales_email_sent", "40": "sales_email_open",
    "41": "sales_email_click", "45": "sales_email_received", "46": "interesting_moment",
    "104": "change_program_status", "110": "call_webhook", "113": "add_to_nurture", "114": "change_nurture_track",
    "115": "change_nurture_cadence",
  ]
}
