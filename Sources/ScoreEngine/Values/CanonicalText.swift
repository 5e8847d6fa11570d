#if canImport(Darwin)
  internal import Foundation
#else
  // The standard library's own; Foundation would bring half of a small command's time with it.
  @_spi(_Unicode) internal import Swift
#endif

extension String {
  /// The text in Unicode NFC, as facts and documents are kept (Unicode Standard Annex 15). O(length); ASCII is returned
  /// as it is.
  public var nfc: String {
    if utf8.allSatisfy({ $0 < 0x80 }) { return self }
    #if canImport(Darwin)
      return precomposedStringWithCanonicalMapping
    #else
      var scalars = String.UnicodeScalarView()
      scalars.append(contentsOf: _nfc)
      return String(scalars)
    #endif
  }
}
