import LeadScoring
import TerminalOutput

/// The changed leads. Without a script it is a plain table; with one it can be sorted and filtered.
struct LeadTableSection {
  let changes: ChangedLeads
  let ranks: StageRanks
  let page: PreviewPage

  var body: Markup {
    let leads = changes.listed
    guard !leads.isEmpty else { return "<p>No lead changes.</p>" }
    var note = Markup.none
    if changes.total > Int64(leads.count) {
      note = """
        <p class="capped">\(formatCount(changes.total)) leads would change. Listed are the \
        \(formatCount(Int64(leads.count))) that change most: changes of the stage first, then the largest changes of \
        the score. <code>leadscore rules preview --leads --format csv</code> gives all.</p>
        """
    }
    let heads: Markup = [
      ("key", "Lead", ""), ("before", "Score now", "n"), ("after", "Then", "n"), ("change", "±", "n"),
      ("stage", "Stage", ""), ("grade", "Grade", ""), ("reason", "Because of", ""),
    ].map { "<th scope=\"col\" data-k=\"\($0.0)\" class=\"\($0.2)\">\($0.1)</th>" }.joined()
    return """
      \(note)
      <form id="lead-controls" class="controls" role="search" hidden>
      <label>Filter <input id="lead-filter" type="search" autocomplete="off" spellcheck="false" \
      placeholder="Key, stage or rule"></label>
      <label>Show <select id="lead-show"><option value="">all changes</option>\
      <option value="stage">stage changes</option><option value="entering">entering hand-off</option>\
      <option value="leaving">leaving hand-off</option><option value="up">scores up</option>\
      <option value="down">scores down</option></select></label>
      <output id="lead-status" aria-live="polite"></output>
      </form>
      <div class="wide" role="region" tabindex="0" aria-label="Leads that change"><table id="lead-table">
      <thead><tr>\(heads)</tr></thead>
      <tbody>
      \(leads.map(row).joined(by: "\n"))
      </tbody></table></div>
      <p id="lead-more" class="further" hidden><button type="button" id="lead-next">Show 500 more</button> \
      <button type="button" id="lead-all">Show all</button></p>
      """
  }

  // End tags that HTML does without stay away: there may be twenty thousand rows.
  private func row(_ move: PreviewReport.Move) -> Markup {
    let change = move.after - move.before
    let stage: Markup
    if move.stageBefore == move.stageAfter {
      stage = "<td>\(StageRanks.name(move.stageAfter))"
    } else {
      stage = """
        <td class="\(ranks.tone(from: move.stageBefore, to: move.stageAfter))">\
        \(StageRanks.name(move.stageBefore)) → \(StageRanks.name(move.stageAfter))
        """
    }
    let grade =
      move.gradeBefore == move.gradeAfter
      ? move.gradeAfter ?? "" : "\(move.gradeBefore ?? "–") → \(move.gradeAfter ?? "–")"
    let reasons = move.reasons.map { "\($0.rule) \(PageNumber.points($0.after - $0.before, signed: true))" }
    return """
      <tr\(kinds(move))><th scope="row">\(move.key)<td>\(PageNumber.points(move.before))\
      <td>\(PageNumber.points(move.after))<td class="\(PageNumber.tone(change))">\
      \(PageNumber.points(change, signed: true))\(stage)<td>\(grade)<td>\
      \(reasons.isEmpty ? "limits, thresholds or groups" : reasons.joined(separator: ", "))
      """
  }

  /// What the page's own choice of rows goes by: s for a stage change, e and l for entering and leaving hand-off; and
  /// the rank of the stages, for sorting.
  private func kinds(_ move: PreviewReport.Move) -> Markup {
    let rank = ranks.rank(move.stageAfter) * ranks.stages.count + ranks.rank(move.stageBefore)
    var kinds = move.stageBefore == move.stageAfter ? "" : "s"
    let (wasIn, isIn) = (page.isHandoff(move.stageBefore), page.isHandoff(move.stageAfter))
    if isIn, !wasIn { kinds += "e" }
    if wasIn, !isIn { kinds += "l" }
    return kinds.isEmpty ? " data-s=\"\(rank)\"" : " data-s=\"\(rank)\" data-m=\"\(kinds)\""
  }
}
