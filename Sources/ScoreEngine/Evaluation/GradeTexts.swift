/// Numbers the combinations of bands, and has the text of each.
///
/// With few combinations the number says the bands themselves; with more than that, combinations are numbered as they
/// come up.
final class GradeTexts {
  private static let mostCombinations = 4096
  private let scales: [CompiledScale]
  /// By scale: how many combinations of earlier scales there are; empty where there are too many.
  private let weights: [Int]
  @exclusivity(unchecked) private var texts: [String?]
  // For many combinations: a number for each way from a number by a scale's band.
  private struct Step: Hashable {
    var number: Int
    var scale: Int
    var band: Int
  }
  @exclusivity(unchecked) private var numbers: [Step: Int] = [:]

  init(_ scales: [CompiledScale]) {
    self.scales = scales
    var weights: [Int] = []
    var product = 1
    for scale in scales {
      weights.append(product)
      let (next, overflow) = product.multipliedReportingOverflow(by: scale.bands.count + 1)
      product = overflow ? Int.max : min(next, Int.max / 2)
    }
    self.weights = product <= GradeTexts.mostCombinations ? weights : []
    texts = Array(repeating: nil, count: self.weights.isEmpty ? 1 : product)
    if self.weights.isEmpty {
      texts[0] = ""
    } else {
      for number in texts.indices {
        texts[number] = zip(scales, weights).map { scale, weight in
          scale.label(number / weight % (scale.bands.count + 1))
        }.joined()
      }
    }
  }

  /// The number of a combination of earlier scales' bands, `number`, together with a band of the next scale.
  @inline(__always)
  func number(_ number: Int, _ scale: Int, _ band: Int) -> Int {
    weights.isEmpty ? numberAsItComes(number, scale, band) : number &+ weights[scale] &* band
  }

  @inline(never)
  private func numberAsItComes(_ number: Int, _ scale: Int, _ band: Int) -> Int {
    let step = Step(number: number, scale: scale, band: band)
    if let known = numbers[step] { return known }
    texts.append((texts[number] ?? "") + scales[scale].label(band))
    numbers[step] = texts.count - 1
    return texts.count - 1
  }

  /// The labels of a combination, joined; nil where there are no scales.
  func text(_ number: Int) -> String? { scales.isEmpty ? nil : texts[number] }
}
