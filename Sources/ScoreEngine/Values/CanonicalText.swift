#if canImport(Darwin)
  internal import Foundation
#else
  // The standard library's own; Foundation would bring half of a small command's time with it.
  @_spi(_Unicode) internal import Swift
#endif

extension String {
  /// The text in Unicode NFC, as facts and documents are kept (Unicode Standard Annex 15). ASCII is returned as it is.
  ///
  /// - Complexity: O(length), but for the square of the length of a run of combining marks, which are sorted.
  public var nfc: String {
    if utf8.allSatisfy({ $0 < 0x80 }) { return self }
    #if canImport(Darwin)
      return precomposedStringWithCanonicalMapping
    #else
      var scalars = String.UnicodeScalarView()
      scalars.append(contentsOf: withoutPrecomposedMarks._nfc)
      return String(scalars)
    #endif
  }

  #if !canImport(Darwin)
    /// With the three marks that stand for two marks of different classes as these two: the standard library sorts them
    /// by the class of the first alone.
    private var withoutPrecomposedMarks: String {
      func parts(_ scalar: Unicode.Scalar) -> String? {
        switch scalar {
        case "\u{F73}": "\u{F71}\u{F72}"
        case "\u{F75}": "\u{F71}\u{F74}"
        case "\u{F81}": "\u{F71}\u{F80}"
        default: nil
        }
      }
      guard unicodeScalars.contains(where: { parts($0) != nil }) else { return self }
      return unicodeScalars.reduce(into: "") { $0 += parts($1) ?? String($1) }
    }
  #endif
}
