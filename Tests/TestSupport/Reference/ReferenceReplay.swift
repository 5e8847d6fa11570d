/// What any document says of the facts as they are known now, as of any instant.
extension ReferenceWorld {
  /// A lead's points and grade under a document as of an instant; the stage is left out. Nil for an unknown lead.
  public func score(_ key: String, under document: ReferenceDocument, version: Int, at instant: Int64) -> RefResult? {
    guard let record = records[Self.normalized(key)] else { return nil }
    let score = ReferenceScore(ReferenceLead(document, record.facts), at: instant)
    return RefResult(
      score: score.score, groups: score.groups, rules: score.rules, stage: nil, grade: score.grade, version: version)
  }

  /// A lead's changes from its creation through an instant if a document had always been active; causes are empty.
  public func replay(
    _ key: String, under document: ReferenceDocument, version: Int, through end: Int64
  ) -> [RefHistoryRow] {
    let key = Self.normalized(key)
    guard let known = records[key], known.facts.createdAt <= end else { return [] }
    let start = known.facts.createdAt
    let lead = ReferenceLead(document, known.facts)
    let tracks = known.pastTracks.flatMap { [$0.from, $0.until ?? start] }.filter { $0 > start && $0 <= end }
    var record = known
    record.ownStage = nil
    var rows: [RefHistoryRow] = []
    for instant in Set([start] + lead.edges(after: start, through: end) + tracks).sorted() {
      record.fastTrack = known.pastTracks.last { $0.from <= instant && $0.isShown(at: instant) }
      let score = ReferenceScore(lead, at: instant)
      let (own, shown) = stage(record, lead, score, at: instant)
      record.ownStage = own
      let last = rows.last
      if let last, last.after == score.score, last.stageAfter == shown, last.gradeAfter == score.grade { continue }
      rows.append(
        RefHistoryRow(
          key: key, at: instant, before: last?.after, after: score.score, stageBefore: last?.stageAfter,
          stageAfter: shown, gradeAfter: score.grade, cause: "", version: version))
    }
    return rows
  }
}
