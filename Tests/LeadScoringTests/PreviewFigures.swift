import LeadScoring
import RuleFile
import TestSupport
import Testing

/// What a preview must say, worked out from where every lead stands before and after.
struct PreviewFigures {
  /// What a preview is about: the numbers that people see.
  struct Standing: Equatable {
    var score: Int
    var stage: String?
    var grade: String?

    init(_ result: RefResult) { (score, stage, grade) = (result.score, result.stage, result.grade) }

    init(before move: PreviewReport.Move) {
      (score, stage, grade) = (Int(move.before), move.stageBefore, move.gradeBefore)
    }

    init(after move: PreviewReport.Move) {
      (score, stage, grade) = (Int(move.after), move.stageAfter, move.gradeAfter)
    }
  }

  let before: [String: RefResult]
  let after: [String: RefResult]
  let place: String

  var standingsAfter: [String: Standing] { after.mapValues(Standing.init) }

  private var pairs: [(key: String, before: RefResult, after: RefResult)] {
    before.keys.sorted().compactMap { key in
      guard let old = before[key], let new = after[key] else { return nil }
      return (key, old, new)
    }
  }

  /// A rule's points for one lead before and after.
  struct Reason: Equatable {
    var rule: String
    var before: Int64
    var after: Int64

    init(rule: String, before: Int64, after: Int64) { (self.rule, self.before, self.after) = (rule, before, after) }

    init(_ reason: PreviewReport.Reason) { (rule, before, after) = (reason.rule, reason.before, reason.after) }
  }

  /// The rules whose points differ for a lead, as reasons stand in a preview.
  private func reasons(_ old: RefResult, _ new: RefResult, all: Bool = false) -> [Reason] {
    var reasons: [Reason] = []
    for rule in Set(old.rules.keys).union(new.rules.keys).sorted() {
      let (before, after) = (Int64(old.rules[rule] ?? 0), Int64(new.rules[rule] ?? 0))
      if before != after || (all && before != 0) { reasons.append(Reason(rule: rule, before: before, after: after)) }
    }
    func size(_ reason: Reason) -> UInt64 { (reason.after - reason.before).magnitude }
    return reasons.sorted { size($0) == size($1) ? $0.rule < $1.rule : size($0) > size($1) }
  }

  // MARK: Leads

  /// Every lead that would change is named once with what it has and would have, and no other.
  func checkMoves(_ moves: [PreviewReport.Move], _ report: PreviewReport) {
    #expect(before.keys.sorted() == after.keys.sorted(), "\(place): not the same leads")
    var named: [String: PreviewReport.Move] = [:]
    for move in moves {
      let known = named.updateValue(move, forKey: ReferenceWorld.normalized(move.key))
      #expect(known == nil, "\(place): \(move.key) twice")
    }
    for (key, old, new) in pairs {
      guard let move = named.removeValue(forKey: key) else {
        #expect(Standing(old) == Standing(new), "\(place): \(key) changes, and the preview does not name it")
        continue
      }
      #expect(Standing(before: move) == Standing(old), "\(place): \(key) before")
      #expect(Standing(after: move) == Standing(new), "\(place): \(key) after")
      #expect(Standing(old) != Standing(new), "\(place): \(key) does not change, and the preview names it")
      #expect(move.reasons.map(Reason.init) == Array(reasons(old, new).prefix(5)), "\(place): reasons of \(key)")
    }
    #expect(named.isEmpty, "\(place): unknown leads \(named.keys)")
    checkTop(report.top, moves)
  }

  /// One lead explained has every rule that gives it anything.
  func checkLead(_ move: PreviewReport.Move, key: String) {
    guard let old = before[key], let new = after[key] else {
      Issue.record("\(place): unknown lead \(key)")
      return
    }
    #expect(ReferenceWorld.normalized(move.key) == key, "\(place)")
    #expect(Standing(before: move) == Standing(old), "\(place): \(key) explained, before")
    #expect(Standing(after: move) == Standing(new), "\(place): \(key) explained, after")
    #expect(move.reasons.map(Reason.init) == reasons(old, new, all: true), "\(place): \(key) explained, reasons")
  }

  private func checkTop(_ top: [PreviewReport.Move], _ moves: [PreviewReport.Move]) {
    func size(_ move: PreviewReport.Move) -> UInt64 {
      (move.after - move.before).magnitude + (move.stageBefore == move.stageAfter ? 0 : 1 << 40)
    }
    #expect(top.map(size) == Array(moves.map(size).sorted(by: >).prefix(2)), "\(place): not the largest moves")
    for move in top { #expect(moves.contains(move), "\(place): \(move.key) in the largest moves") }
  }

  // MARK: Sums

  func checkSums(_ report: PreviewReport, from old: RefJSON, to new: RefJSON) {
    let pairs = pairs
    #expect(report.leads == Int64(pairs.count), "\(place): leads")
    #expect(report.changed == Int64(pairs.count { Standing($0.before) != Standing($0.after) }), "\(place): changed")
    #expect(report.scoresUp == Int64(pairs.count { $0.before.score < $0.after.score }), "\(place): up")
    #expect(report.scoresDown == Int64(pairs.count { $0.before.score > $0.after.score }), "\(place): down")
    #expect(report.stageMatrix == matrix, "\(place): stages")
    let moved = pairs.filter { $0.before.stage != $0.after.stage }
    #expect(report.stageChanges == Int64(moved.count), "\(place): stage changes")
    #expect(report.entering == counts(moved.compactMap(\.after.stage)), "\(place): entering")
    #expect(report.leaving == counts(moved.compactMap(\.before.stage)), "\(place): leaving")
    checkDistribution(report)
    checkRules(report, from: old, to: new)
    checkHandoffs(report, of: new)
  }

  /// What applying says must be what the preview said.
  func check(_ applied: ApplyReport, _ report: PreviewReport) {
    #expect(applied.wasApplied, "\(place)")
    #expect(applied.leads == report.leads, "\(place): leads applied")
    #expect(applied.changed == report.changed, "\(place): changed applied")
    #expect(applied.scoresUp == report.scoresUp, "\(place): up applied")
    #expect(applied.scoresDown == report.scoresDown, "\(place): down applied")
    #expect(applied.stageMatrix == report.stageMatrix, "\(place): stages applied")
    #expect(applied.stageChanges == report.stageChanges, "\(place): stage changes applied")
  }

  var matrix: [ApplyReport.StageMove: Int64] {
    var matrix: [ApplyReport.StageMove: Int64] = [:]
    for (_, old, new) in pairs { matrix[ApplyReport.StageMove(from: old.stage, to: new.stage), default: 0] += 1 }
    return matrix
  }

  private func counts(_ names: [String]) -> [String: Int64] {
    var counts: [String: Int64] = [:]
    for name in names { counts[name, default: 0] += 1 }
    return counts
  }

  private func checkDistribution(_ report: PreviewReport) {
    func range(_ score: Int) -> Int64 { Int64((score - ((score % 1000) + 1000) % 1000)) }
    var buckets: [Int64: [Int64]] = [:]
    for (_, old, new) in pairs {
      buckets[range(old.score), default: [0, 0]][0] += 1
      buckets[range(new.score), default: [0, 0]][1] += 1
    }
    #expect(report.distribution.map(\.from) == buckets.keys.sorted(), "\(place): ranges")
    for bucket in report.distribution {
      #expect([bucket.before, bucket.after] == buckets[bucket.from], "\(place): scores from \(bucket.from)")
    }
  }

  private func checkRules(_ report: PreviewReport, from old: RefJSON, to new: RefJSON) {
    func rules(_ tree: RefJSON) -> [String] { (tree["rules"]?.elements ?? []).compactMap { $0["id"]?.text } }
    let (oldIDs, newIDs) = (rules(old), rules(new))
    #expect(
      report.rules.map(\.id) == newIDs + oldIDs.filter { !newIDs.contains($0) }, "\(place): rules and their order")
    for impact in report.rules {
      let given = pairs.compactMap { $0.before.rules[impact.id] }
      let giving = pairs.compactMap { $0.after.rules[impact.id] }
      let found = [impact.leadsBefore, impact.leadsAfter, impact.pointsBefore, impact.pointsAfter]
      let sums: [Int] = [given.count, giving.count, given.reduce(0, +), giving.reduce(0, +)]
      #expect(found.map(Int.init) == sums, "\(place): rule \(impact.id)")
      switch (oldIDs.contains(impact.id), newIDs.contains(impact.id)) {
      case (true, false): #expect(impact.change == .removed, "\(place): rule \(impact.id)")
      case (false, true): #expect(impact.change == .added, "\(place): rule \(impact.id)")
      default:
        #expect(impact.change == .changed || impact.change == .unchanged, "\(place): rule \(impact.id)")
        let points = [old, new].map { tree in tree["rules"]?.elements.first { $0["id"]?.text == impact.id } }
        if points[0] == points[1], old["ignore"] == new["ignore"] {
          #expect(impact.change == .unchanged, "\(place): rule \(impact.id)")
        }
      }
    }
  }

  private func checkHandoffs(_ report: PreviewReport, of new: RefJSON) {
    let stages = report.handoffStages
    for stage in new["stages"]?.elements ?? [] where stage["handoff"] == .bool(true) {
      #expect(stages.contains(stage["id"]?.text ?? ""), "\(place): hand-off stages")
    }
    func isIn(_ result: RefResult) -> Bool { stages.contains(result.stage ?? "") }
    let (sum, left) = report.handoffsBy.reduce((Int64(0), Int64(0))) { ($0.0 + $1.entering, $0.1 + $1.leaving) }
    #expect(sum == Int64(pairs.count { !isIn($0.before) && isIn($0.after) }), "\(place): hand-offs entered")
    #expect(left == Int64(pairs.count { isIn($0.before) && !isIn($0.after) }), "\(place): hand-offs left")
    let values = report.handoffsBy.map(\.value)
    #expect(Set(values).count == values.count, "\(place): a value twice")
  }
}
