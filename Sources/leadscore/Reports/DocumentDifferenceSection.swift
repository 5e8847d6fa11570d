import ScoreEngine

/// Where two rule documents differ, field by field, in the words of the document.
struct DocumentDifferenceSection {
  private let changes: [DocumentChange]

  init(from old: RuleDocument, to new: RuleDocument) {
    changes = RuleDocument.differences(from: old, to: new)
  }

  var body: Markup {
    guard !changes.isEmpty else { return "<p>Both say the same.</p>" }
    let groups: Markup = changes.map { change in
      let rows = change.fields.isEmpty ? "<tr><td colspan=\"3\"></td></tr>" : change.fields.map(row).joined(by: "\n")
      return """
        <tbody>
        <tr class="entry"><th scope="rowgroup" colspan="3"><span class="badge \(change.kind.rawValue)">\
        \(change.kind == .reordered ? "in another order" : change.kind.rawValue)</span> \
        <code>\([change.section.rawValue, change.id].compactMap(\.self).joined(separator: "/"))</code></th></tr>
        \(rows)
        </tbody>
        """
    }.joined(by: "\n")
    return """
      <div class="wide" role="region" tabindex="0" aria-label="Differences of the documents"><table class="differences">
      <thead><tr><th scope="col">Field</th><th scope="col">Now</th><th scope="col">With the change</th></tr></thead>
      \(groups)
      </table></div>
      """
  }

  private func row(_ field: DocumentChange.Field) -> Markup {
    let before: Markup = field.before.map { "<del>\($0)</del>" } ?? "<span class=\"quiet\">–</span>"
    let after: Markup = field.after.map { "<ins>\($0)</ins>" } ?? "<span class=\"quiet\">–</span>"
    return """
      <tr><th scope="row">\(field.path)</th><td>\(before)</td><td>\(after)</td></tr>
      """
  }
}
