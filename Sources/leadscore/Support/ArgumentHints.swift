import LeadScoring

/// What to write in the place of an argument that was not understood.
enum ArgumentHints {
  /// The forms of values, by the name that a value has in the help.
  private static let forms = [
    "instant": "write 2026-11-21T09:00:00Z or 2026-11-21, of the years 1900 to 2199",
    "duration": "write a whole number and s, m, h, d or w, such as 30d",
    "points": "write at most two decimals, such as 2.5",
    "cause": "there is import, event, attributes, time, rules, fast-track, recompute",
    "n": "write a whole number", "number": "write a whole number", "id": "write a whole number",
    "field=value": "write such as country=Germany", "stage=value": "write such as sql=opportunity",
    "name=column": "write such as LastName=name", "stage=n": "write such as sql=10",
    "fields":
      "there is \(LeadQuery.SortField.allCases.map(\.rawValue).joined(separator: ", ")), each with - for falling",
    "encoding": "there is auto, utf-8, utf-16, latin1, windows-1252",
    "n|p%": "write a number of leads or a share, such as 10%",
  ]

  /// The argument parser's message with what to do next, where that can be told.
  static func complete(_ message: String) -> String {
    if message.hasPrefix("Missing value for '--"), let option = message.split(separator: "'").dropFirst().first {
      let name = option.prefix { $0 != " " }
      return message + "; write a value that begins with a dash as \(name)=VALUE"
    }
    if message.hasPrefix("Unknown option '"), CommandLine.arguments.dropFirst().first?.hasPrefix("-") == true {
      return message + "; options come after the command's words"
    }
    guard message.contains("is invalid for '"), message.hasSuffix(">'"),
      let name = message.dropLast(2).split(separator: "<").last, let form = forms[String(name)]
    else { return message }
    return "\(message); \(form)"
  }
}
