/// Finding the word that a mistyped one was meant to be.
enum NearestWord {
  /// The candidate nearest to `word`, if one is near enough to be a slip of the fingers; the first of equals.
  static func find(_ word: String, in candidates: [String]) -> String? {
    let typed = Array(word.lowercased())
    var best: (distance: Int, word: String)?
    for candidate in candidates {
      let letters = Array(candidate.lowercased())
      let allowed = max(1, min(3, max(typed.count, letters.count) / 3))
      guard abs(letters.count - typed.count) <= allowed else { continue }
      let distance = distance(typed, letters)
      guard distance <= allowed, min(typed.count, letters.count) > 2 || isSlip(typed, letters) else { continue }
      if distance < best?.distance ?? .max { best = (distance, candidate) }
    }
    return best?.word ?? candidates.first { shareBeginning($0.lowercased(), word.lowercased()) }
  }

  /// A word of two letters is near to all others; one letter too many or too few, or the wrong way round, is a slip.
  private static func isSlip(_ typed: [Character], _ letters: [Character]) -> Bool {
    guard min(typed.count, letters.count) == 2, typed.count != letters.count else {
      return typed == letters || (typed.count == 2 && letters == typed.reversed())
    }
    let (short, long) = typed.count < letters.count ? (typed, letters) : (letters, typed)
    return long.indices.contains { index in
      var left = long
      left.remove(at: index)
      return left == short
    }
  }

  /// `minimum` for `min`: one is the other's beginning.
  private static func shareBeginning(_ left: String, _ right: String) -> Bool {
    min(left.count, right.count) >= 3 && (left.hasPrefix(right) || right.hasPrefix(left))
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (the optimal string
  /// alignment form of Damerau and Levenshtein's distance). Time is the product of the lengths.
  static func distance(_ left: [Character], _ right: [Character]) -> Int {
    if left.isEmpty || right.isEmpty { return max(left.count, right.count) }
    var beforePrevious: [Int] = []
    var previous = Array(0...right.count)
    for row in 1...left.count {
      var current = [row]
      for column in 1...right.count {
        let cost = left[row - 1] == right[column - 1] ? 0 : 1
        var value = min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost)
        if row > 1, column > 1, left[row - 1] == right[column - 2], left[row - 2] == right[column - 1] {
          value = min(value, beforePrevious[column - 2] + 1)
        }
        current.append(value)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[right.count]
  }
}

extension [String] {
  /// `'a', 'b' or 'c'`.
  var quotedChoice: String {
    let quoted = map { "'\($0)'" }
    guard quoted.count > 1, let last = quoted.last else { return quoted.first ?? "" }
    return quoted.dropLast().joined(separator: ", ") + " or " + last
  }
}
