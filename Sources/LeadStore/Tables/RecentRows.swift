/// How the rows of `recent_change` are numbered: those of a lead stand together.
enum RecentRows {
  private static let shift: Int64 = 21
  /// The first row of a lead that is no page of events.
  private static let firstOther: Int64 = 1 << 20
  private static let owners: Int64 = 1 << 19
  /// Leads with greater numbers have no scores and records here.
  private static let greatestLead: Int64 = 1 << 40 - 1
  /// Leads with greater numbers have no pages here.
  private static let greatestLeadOfPages: Int64 = 1 << 42 - 1

  /// An expression for the lead of a row.
  static let lead = "id >> \(shift)"
  /// A condition that holds for rows of the kind and the owner that a parameter names.
  static func isOf(_ parameter: String) -> String { "id & \(1 << shift - 1) = \(parameter)" }
  /// A condition that holds for pages of events.
  static let isPage = "id & \(firstOther) = 0"
  /// An expression for the number that a page has among all of its lead.
  static let page = "((id >> \(shift)) << 20) | (id & \(firstOther - 1))"

  /// What tells rows of a kind and an owner from a lead's other ones; nil for an owner that can have none.
  static func place(_ table: RecentChanges.Table, owner: Int64) -> Int64? {
    guard owner >= 0, owner < owners else { return nil }
    return firstOther + (table == .signals ? owners : 0) + owner
  }

  /// The number of a lead's row; one that no row has for a lead or an owner that can have none.
  static func id(_ table: RecentChanges.Table, owner: Int64, lead: Int64) -> Int64 {
    guard let place = place(table, owner: owner), lead > 0, lead <= greatestLead else { return Int64.min }
    return lead << shift | place
  }

  /// All rows of the leads with numbers in a range; a number that no row has where none can have one.
  static func ids(_ leads: ClosedRange<Int64>) -> ClosedRange<Int64> {
    let (first, last) = (max(leads.lowerBound, 1), min(leads.upperBound, greatestLeadOfPages))
    guard first <= last else { return Int64.min...Int64.min }
    return (first << shift)...(last << shift | (1 << shift - 1))
  }

  /// Whether a lead's few events can stand here.
  static func hasPages(lead: Int64) -> Bool { lead > 0 && lead <= greatestLeadOfPages }

  /// The row of a page of events.
  static func id(page: Int64) -> Int64 { (page >> 20) << shift | (page & (firstOther - 1)) }

  /// The rows of the pages of a lead, from one on.
  static func pages(lead: Int64, from number: Int64 = 0) -> ClosedRange<Int64> {
    guard hasPages(lead: lead), number < firstOther else { return Int64.min...Int64.min }
    return (lead << shift | number)...(lead << shift | (firstOther - 1))
  }
}

/// Tells leads of which anything stands in `recent_change`. For who looks up much of a lead: most have nothing there.
public final class RecentLeads {
  private let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
  }

  /// Whether anything stands of a lead beside its blocks and its pages.
  public func isAny(of lead: Int64) throws -> Bool {
    try connection.withStatement("SELECT 1 FROM recent_change WHERE id BETWEEN ?1 AND ?2") { find in
      let ids = RecentRows.ids(lead...lead)
      try find.bind(1, ids.lowerBound)
      try find.bind(2, ids.upperBound)
      return try find.step()
    }
  }
}
