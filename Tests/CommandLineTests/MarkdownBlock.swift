import Foundation

/// A fenced block of a Markdown file.
struct MarkdownBlock {
  /// The word after the fence.
  let language: String
  /// The lines between the fences, each with its end.
  let text: String
  /// The line of the opening fence, from 1.
  let line: Int
  /// What the HTML comment on the line above says.
  let mark: String?
  /// Whether nothing but an empty line lies between this block and the one before.
  let followsDirectly: Bool

  /// The blocks of a file in order.
  static func all(in path: String) throws -> [MarkdownBlock] {
    let lines = try String(contentsOfFile: path, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var blocks: [MarkdownBlock] = []
    var index = 0
    var previousEnd: Int?
    while index < lines.count {
      guard lines[index].hasPrefix("```") else {
        index += 1
        continue
      }
      let end = lines[(index + 1)...].firstIndex(of: "```") ?? lines.count
      let above = index > 0 ? lines[index - 1] : ""
      let isMarked = above.hasPrefix("<!-- ") && above.hasSuffix(" -->")
      blocks.append(
        MarkdownBlock(
          language: String(lines[index].dropFirst(3)),
          text: lines[(index + 1)..<end].map { $0 + "\n" }.joined(), line: index + 1,
          mark: isMarked ? String(above.dropFirst(5).dropLast(4)) : nil,
          followsDirectly: previousEnd.map { lines[($0 + 1)..<index].allSatisfy(\.isEmpty) } ?? false))
      previousEnd = end
      index = end + 1
    }
    return blocks
  }
}
