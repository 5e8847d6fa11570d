/// Leads merged into one another, by the letter: who stands for others has the union of what came under their keys.
extension ReferenceWorld {
  /// The keys of leads that stand for themselves, in the order first seen.
  public var liveKeys: [String] {
    guard !merges.isEmpty else { return keys }
    return keys.filter { key in !merges.contains { $0.lead == key } }
  }

  /// The merges in force: the key merged away and the key it was merged into, both normalized.
  public var mergesInForce: [(lead: String, into: String)] { merges }

  /// The normalized key of the lead that stands for a normalized key.
  public func root(of key: String) -> String {
    var key = key
    while let merge = merges.first(where: { $0.lead == key }) { key = merge.into }
    return key
  }

  /// Merges the lead that stands for `other` into the one that stands for `key`; they must differ.
  public mutating func merge(_ other: String, into key: String, at now: Int64) {
    advance(to: now)
    let kept = root(of: Self.normalized(key))
    let lost = root(of: Self.normalized(other))
    precondition(kept != lost, "the same lead")
    merges.append((lost, kept))
    let standing = records[lost]?.result
    records[lost]?.setAside = standing
    records[lost]?.result = nil
    records[lost]?.view = nil
    records[kept]?.view = nil
    evaluate(kept, at: now, cause: "recompute")
  }

  /// Takes the merge back by which a key was merged away. It takes up at the stage that it had.
  public mutating func unmerge(_ key: String, at now: Int64) {
    advance(to: now)
    let key = Self.normalized(key)
    guard let index = merges.firstIndex(where: { $0.lead == key }) else { return }
    let kept = root(of: key)
    merges.remove(at: index)
    let standing = records[key]?.setAside
    records[key]?.result = standing
    records[key]?.setAside = nil
    records[key]?.view = nil
    records[kept]?.view = nil
    evaluate(kept, at: now, cause: "recompute")
    evaluate(key, at: now, cause: "recompute")
  }

  /// A lead, followed by those merged into it in the order of their merges, each with its own.
  func group(of root: String) -> [String] {
    guard !merges.isEmpty else { return [root] }
    return [root] + merges.filter { $0.into == root }.flatMap { group(of: $0.lead) }
  }

  /// The facts of a lead and of all merged into it: every event once, the earliest creation, the first's attributes
  /// with gaps filled by the others.
  func union(of root: String) -> ReferenceFacts {
    let members = group(of: root).compactMap { records[$0]?.facts }
    guard var union = members.first else { return ReferenceFacts(createdAt: 0) }
    for member in members.dropFirst() {
      union.createdAt = min(union.createdAt, member.createdAt)
      union.attributes.merge(member.attributes) { own, _ in own }
      for event in member.events where !union.events.contains(where: { $0.isSame(as: event) }) {
        union.events.append(event)
      }
      union.adjustments += member.adjustments
    }
    return union
  }

  /// The fast-track that holds for a lead: of its own and those merged into it, the one set last.
  func fastTrack(of root: String, at now: Int64) -> FastTrack? {
    group(of: root).compactMap { records[$0]?.fastTrack }.filter { $0.isShown(at: now) }.max { $0.order < $1.order }
  }
}
