/// How what is stored for every lead is put together in blocks of leads with consecutive numbers. A block belongs to an
/// owner: a model, or a pack of signals.
enum LeadBlocks {
  /// Leads of a block.
  static let size = 16
  /// So many leads of a block that change at once are written into it; of fewer, up to so many stand in rows of their
  /// own beside it.
  static let fewest = 4
  static let ownerShift: Int64 = 40
  private static let greatestNumber: Int64 = (1 << ownerShift) - 1

  private static func number(of lead: Int64) -> Int64 { min(max(lead, 1) - 1, greatestNumber << 4) >> 4 }

  /// The number of the row of a lead's block.
  static func id(owner: Int64, lead: Int64) -> Int64 { owner << ownerShift | number(of: lead) }

  /// The rows of an owner's blocks that leads with numbers in a range are in.
  static func ids(owner: Int64, leads: ClosedRange<Int64> = 1...Int64.max) -> ClosedRange<Int64> {
    id(owner: owner, lead: leads.lowerBound)...id(owner: owner, lead: leads.upperBound)
  }

  /// The place of a lead in its block.
  static func place(of lead: Int64) -> Int { Int((lead - 1) & 15) }

  /// The number of a block's first lead.
  static func firstLead(ofBlock id: Int64) -> Int64 { (id & greatestNumber) << 4 + 1 }

  /// The numbers of a block's leads.
  static func leads(ofBlock id: Int64) -> ClosedRange<Int64> {
    let first = firstLead(ofBlock: id)
    return first...(first + Int64(size) - 1)
  }
}
