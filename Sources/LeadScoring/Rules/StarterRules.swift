internal import CStarters

/// The rule sets that the program brings along.
public struct StarterRules: Sendable {
  /// What `init --starter` calls it.
  public let name: String
  /// The document, with its comments.
  public let text: String

  /// All starters; the first is the default.
  public static let all: [StarterRules] = {
    var all: [StarterRules] = []
    while let entry = leadscore_starter_at(all.count)?.pointee, let name = entry.name, let text = entry.text {
      all.append(
        StarterRules(
          name: String(cString: name),
          text: String(decoding: UnsafeBufferPointer(start: text, count: entry.count), as: UTF8.self)))
    }
    return all
  }()
}
