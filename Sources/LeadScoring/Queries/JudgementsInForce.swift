internal import LeadStore

/// What people said of leads under one model, read once for many leads: there is little of it.
struct JudgementsInForce {
  private var tracks: [Int64: [FastTrackRow]] = [:]
  private var adjustments: [Int64: [AdjustmentRow]] = [:]

  /// O(judgements)
  init(_ database: LeadDatabase, model: Int64) throws {
    guard try !database.judgements.isEmpty() else { return }
    for row in try database.judgements.fastTracks(model: model) {
      tracks[try database.merges.root(of: row.lead), default: []].append(row)
    }
    for row in try database.judgements.adjustments() {
      adjustments[try database.merges.root(of: row.lead), default: []].append(row)
    }
  }

  /// The fast-track of a lead that shows at an instant; nil where there is none.
  func fastTrack(ofLead lead: Int64, at instant: Int64) -> FastTrackRow? {
    tracks[lead]?.last { $0.from <= instant && ($0.until.map { instant < $0 } ?? true) }
  }

  /// The adjustments of a lead that hold at an instant, in the order in which they were added.
  func adjustments(ofLead lead: Int64, at instant: Int64) -> [AdjustmentRow] {
    adjustments[lead]?.filter { $0.from <= instant && ($0.until.map { instant < $0 } ?? true) } ?? []
  }
}
