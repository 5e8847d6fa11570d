/// Text folded for comparison: each scalar by its own default lower-case mapping (no locale, no context), as UTF-8.
///
/// UTF-8 never has one scalar's bytes inside another's, so equality, prefixes and containment of scalars are those of
/// the bytes.
public struct FoldedText: Hashable, Sendable {
  /// The folded text in UTF-8.
  public let bytes: [UInt8]

  /// Folds a text. O(length).
  public init(_ text: String) {
    var text = text
    let ascii: [UInt8]? = text.withUTF8 { source in
      guard source.allSatisfy({ $0 < 0x80 }) else { return nil }
      return [UInt8](unsafeUninitializedCapacity: source.count) { target, count in
        for index in source.indices {
          let byte = source[index]
          target[index] = byte &- 65 < 26 ? byte | 0x20 : byte
        }
        count = source.count
      }
    }
    if let ascii {
      bytes = ascii
      return
    }
    var folded: [UInt8] = []
    folded.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        let byte = UInt8(truncatingIfNeeded: scalar.value)
        folded.append(byte &- 65 < 26 ? byte | 0x20 : byte)
      } else {
        folded.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
      }
    }
    bytes = folded
  }

  /// The folded text.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  func contains(_ part: FoldedText) -> Bool {
    let count = part.bytes.count
    guard count > 0 else { return true }
    guard bytes.count >= count else { return false }
    let first = part.bytes[0]
    return bytes.withUnsafeBufferPointer { whole in
      part.bytes.withUnsafeBufferPointer { piece in
        for start in 0...(whole.count - count) where whole[start] == first {
          var index = 1
          while index < count, whole[start + index] == piece[index] { index += 1 }
          if index == count { return true }
        }
        return false
      }
    }
  }

  func starts(with part: FoldedText) -> Bool {
    bytes.starts(with: part.bytes)
  }

  func ends(with part: FoldedText) -> Bool {
    bytes.count >= part.bytes.count && bytes.suffix(part.bytes.count).elementsEqual(part.bytes)
  }

  /// Whether the whole text matches: `*` stands for any run, `?` for one scalar. O(text × pattern) at worst.
  func matches(pattern: FoldedText) -> Bool {
    bytes.withUnsafeBufferPointer { text in
      pattern.bytes.withUnsafeBufferPointer { pattern in
        var textIndex = 0
        var patternIndex = 0
        // Where to go on when the part after the last `*` does not fit: that `*` takes one scalar more.
        var retry: (text: Int, pattern: Int)?
        while textIndex < text.count {
          if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") {
            patternIndex += 1
            retry = (textIndex, patternIndex)
          } else if patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "?") {
            patternIndex += 1
            textIndex = FoldedText.end(ofScalarAt: textIndex, in: text)
          } else if patternIndex < pattern.count, pattern[patternIndex] == text[textIndex] {
            patternIndex += 1
            textIndex += 1
          } else if let back = retry {
            let next = FoldedText.end(ofScalarAt: back.text, in: text)
            retry = (next, back.pattern)
            textIndex = next
            patternIndex = back.pattern
          } else {
            return false
          }
        }
        while patternIndex < pattern.count, pattern[patternIndex] == UInt8(ascii: "*") { patternIndex += 1 }
        return patternIndex == pattern.count
      }
    }
  }

  private static func end(ofScalarAt index: Int, in text: UnsafeBufferPointer<UInt8>) -> Int {
    var next = index + 1
    while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
    return next
  }
}
