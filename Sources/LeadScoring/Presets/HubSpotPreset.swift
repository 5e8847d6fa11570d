internal import RuleFile

extension TablePreset {
  /// HubSpot: exports of contacts, by their labels or internal names; form submissions; email events; and records of its
  /// API.
  static let hubspot = TablePreset(
    layouts: [emailEvents, formSubmissions, contacts], pages: ["results", "events", "contacts"],
    envelopes: ["properties"], splitsSemicolons: true)

  private static let contacts = TableLayout(
    name: "contacts", kind: .leads,
    marks: [["recordid", "hsobjectid", "contactid", "vid", "createdate"], ["email", "firstname", "lastname"]],
    key: ["email", "recordid", "hsobjectid", "contactid", "vid", "id"],
    ids: ["recordid", "hsobjectid", "contactid", "vid"], idPrefix: "hubspot:",
    createdAt: ["createdate", "createdat"],
    names: [
      "recordid": "hubspot_id", "hsobjectid": "hubspot_id", "contactid": "hubspot_id", "vid": "hubspot_id",
      "email": "email", "firstname": "first_name", "lastname": "last_name", "jobtitle": "title",
      "companyname": "company", "company": "company", "phonenumber": "phone", "phone": "phone",
      "mobilephonenumber": "mobile_phone", "mobilephone": "mobile_phone", "websiteurl": "website",
      "website": "website", "streetaddress": "street", "address": "street", "city": "city", "stateregion": "state",
      "state": "state", "postalcode": "postal_code", "zip": "postal_code", "countryregion": "country",
      "country": "country", "industry": "industry", "numberofemployees": "employees", "numemployees": "employees",
      "annualrevenue": "revenue", "originalsource": "source", "originaltrafficsource": "source",
      "hsanalyticssource": "source", "leadstatus": "status", "hsleadstatus": "status",
      "lifecyclestage": "lifecycle_stage", "unsubscribedfromallemail": "unsubscribed",
      "hsemailoptout": "unsubscribed", "contactowner": "owner", "hubspotownerid": "owner",
      "lastactivitydate": "last_activity",
      "lastmodifieddate": "last_modified", "associatedcompany": "associated_company",
      "associatedcompanyids": "associated_company_ids", "marketingcontactstatus": "marketing_contact",
    ],
    skip: ["id", "createdat", "updatedat", "archived"],
    flags: ["unsubscribedfromallemail", "hsemailoptout"])

  private static let formSubmissions = TableLayout(
    name: "form submissions", kind: .events, marks: [["conversiondate", "submittedat", "submissiondate"], ["email"]],
    key: ["email"], type: .text("form_submit"), occurredAt: ["conversiondate", "submittedat", "submissiondate"],
    id: ["conversionid", "submissionid"],
    names: [
      "conversionpage": "url", "pageurl": "url", "conversiontitle": "title", "pagename": "title",
      "formname": "form", "formtitle": "form", "form": "form", "formid": "form_id", "formguid": "form_id",
    ],
    unfold: ["values"])

  private static let emailEvents = TableLayout(
    name: "email events", kind: .events, marks: [["recipient"], ["created", "timestamp"], ["type", "eventtype"]],
    key: ["recipient"],
    type: .column(
      "type",
      words: [
        "sent": "email_sent", "processed": "email_processed", "delivered": "email_delivered", "open": "email_open",
        "click": "email_click", "bounce": "email_bounce", "dropped": "email_dropped", "deferred": "email_deferred",
        "print": "email_print", "forward": "email_forward", "spamreport": "email_spam_report",
        "statuschange": "email_subscription_change", "unbounce": "email_unbounce", "suppressed": "email_suppressed",
      ], other: "email_"),
    occurredAt: ["created", "timestamp"], id: ["id"],
    names: [
      "useragent": "user_agent", "emailcampaignid": "campaign_id", "subject": "subject", "url": "url",
      "appname": "app", "referer": "referrer",
    ],
    skip: ["portalid", "sentby", "causedby", "obsoletedby"])
}
