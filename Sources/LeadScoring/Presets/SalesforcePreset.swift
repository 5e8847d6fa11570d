internal import RuleFile

extension TablePreset {
  /// Salesforce: exports of Lead, Contact, Task and CampaignMember, and records of its REST API.
  ///
  /// A checkbox is `1`, `true`, `0`, `false` or blank. Compound addresses are left out: their parts have columns too.
  static let salesforce = TablePreset(
    layouts: [campaignMember, task, lead, contact], pages: ["records"], envelopes: [],
    absent: ["--None--", "null"], splitsSemicolons: true)

  private static let systemColumns = [
    "attributes", "address", "mailingaddress", "otheraddress", "photourl", "isdeleted", "masterrecordid",
    "systemmodstamp", "lastvieweddate", "lastreferenceddate", "createdbyid", "lastmodifiedbyid",
  ]

  private static let lead = TableLayout(
    name: "Lead", kind: .leads, marks: [["id"], ["isconverted", "company"], ["lastname", "name", "email"]],
    key: ["email", "id"], ids: ["id", "convertedcontactid"], completesIDs: true, createdAt: ["createddate"],
    names: personNames.merging(["id": "salesforce_id"]) { _, new in new }, skip: systemColumns, flags: personFlags,
    deleted: ("isdeleted", "masterrecordid"))

  private static let contact = TableLayout(
    name: "Contact", kind: .leads, marks: [["id"], ["lastname", "name", "email"]], key: ["email", "id"], ids: ["id"],
    completesIDs: true, createdAt: ["createddate"],
    names: personNames.merging(["id": "salesforce_id"]) { _, new in new }, skip: systemColumns, flags: personFlags,
    deleted: ("isdeleted", "masterrecordid"))

  private static let task = TableLayout(
    name: "Task", kind: .events, marks: [["whoid"], ["activitydate", "tasksubtype"]], key: ["whoid"],
    completesIDs: true,
    type: .column(
      "tasksubtype",
      words: [
        "": "task", "task": "task", "call": "call", "email": "email", "listemail": "list_email", "cadence": "cadence",
        "linkedin": "linkedin",
      ], other: "task_"),
    occurredAt: ["completeddatetime", "activitydate", "createddate"], id: ["id"],
    names: [
      "whatid": "what_id", "subject": "subject", "status": "status", "priority": "priority", "accountid": "account_id",
      "callduration": "duration", "calldurationinseconds": "duration", "calltype": "call_type",
      "calldisposition": "call_disposition", "description": "description", "ishighpriority": "high_priority",
      "isclosed": "closed",
    ],
    skip: systemColumns + ["lastmodifieddate"],
    flags: ["ishighpriority", "isclosed", "isarchived", "isreminderset", "isrecurrence"],
    deleted: ("isdeleted", ""))

  private static let campaignMember = TableLayout(
    name: "CampaignMember", kind: .events, marks: [["campaignid"], ["leadid", "contactid", "leadorcontactid"]],
    key: ["contactid", "leadid", "leadorcontactid", "email"], completesIDs: true, address: ["email"],
    type: .text("campaign_member"), occurredAt: ["createddate"], id: ["id"],
    extras: [TableLayout.Extra(type: "campaign_response", occurredAt: "firstrespondeddate", flag: "hasresponded")],
    names: [
      "campaignid": "campaign_id", "status": "status", "hasresponded": "responded", "leadsource": "source",
      "type": "member_type",
    ],
    // The person's own columns: they are the lead's, and those of Lead and Contact are newer.
    skip: systemColumns + [
      "lastmodifieddate", "salutation", "name", "firstname", "lastname", "title", "street", "city", "state",
      "postalcode", "country", "phone", "fax", "mobilephone", "companyoraccount", "donotcall", "hasoptedoutofemail",
      "hasoptedoutoffax", "leadorcontactownerid", "leadorcontactid", "leadid", "contactid",
    ],
    flags: ["hasresponded"], deleted: ("isdeleted", ""))

  private static let personFlags = [
    "isconverted", "isunreadbyowner", "hasoptedoutofemail", "hasoptedoutoffax", "donotcall", "isemailbounced",
    "canallowportalselfreg",
  ]

  private static let personNames = [
    "email": "email", "firstname": "first_name", "lastname": "last_name", "name": "name", "title": "title",
    "company": "company", "department": "department", "phone": "phone", "mobilephone": "mobile_phone",
    "website": "website", "street": "street", "city": "city", "state": "state", "postalcode": "postal_code",
    "country": "country", "mailingstreet": "street", "mailingcity": "city", "mailingstate": "state",
    "mailingpostalcode": "postal_code", "mailingcountry": "country", "industry": "industry",
    "numberofemployees": "employees", "annualrevenue": "revenue", "leadsource": "source", "status": "status",
    "rating": "rating", "hasoptedoutofemail": "unsubscribed", "donotcall": "do_not_call",
    "lastactivitydate": "last_activity", "accountid": "account_id", "ownerid": "owner_id",
    "isconverted": "converted", "isemailbounced": "email_bounced",
  ]
}
