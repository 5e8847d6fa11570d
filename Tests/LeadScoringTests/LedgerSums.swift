import LeadScoring
import LeadStore
import ScoreEngine
import Testing

extension Explanation {
  /// Everything in a ledger adds up.
  func expectSums(_ place: String) {
    for part in rules {
      let taken = part.deductions.reduce(0) { $0 + $1.points }
      #expect(part.fullPoints - taken == part.points, "\(place): \(part.rule.id) less what was taken")
      switch part.rule.clause {
      case .every, .when:
        #expect(part.events.reduce(0) { $0 + $1.points } == part.points, "\(place): events of \(part.rule.id)")
      case .attributes, .silence: break
      }
    }
    func members(_ group: String) -> [Int64] {
      rules.filter { $0.rule.group == group }.map(\.points)
        + groups.filter { $0.partOf == group }.map(\.points)
    }
    for group in groups {
      let values = members(group.name)
      #expect(group.sum == values.reduce(0, +), "\(place): members of \(group.name)")
      let taken = group.take == .highest ? values.filter { $0 != 0 }.max() ?? 0 : group.sum
      #expect(group.points == clamp(taken, group.limits), "\(place): limits of \(group.name)")
      #expect(group.sum - group.deductions.reduce(0) { $0 + $1.points } == group.points, "\(place): \(group.name)")
    }
    let sum = members(RuleDocument.rootGroup).reduce(adjustment, +)
    #expect(unclamped == sum, "\(place): the sum")
    #expect(adjustments.reduce(0) { $0 + $1.points } == adjustment, "\(place): adjustments")
    #expect(score == clamp(sum, scoreLimits), "\(place): the score's limits")
    #expect(sum - deductions.reduce(0) { $0 + $1.points } == score, "\(place): the score")
  }

  private func clamp(_ value: Int64, _ limits: Limits) -> Int64 {
    max(limits.min?.hundredths ?? .min, min(limits.max?.hundredths ?? .max, value))
  }
}
