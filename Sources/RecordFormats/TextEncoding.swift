/// How a text file writes its characters as bytes.
public enum TextEncoding: String, CaseIterable, Sendable {
  /// By the byte order mark, else UTF-16 where every other byte is NUL, else UTF-8.
  case auto
  case utf8 = "utf-8"
  /// Either byte order: by the mark, else by where the NULs are, else little endian.
  case utf16 = "utf-16"
  case utf16le = "utf-16le"
  case utf16be = "utf-16be"
  case latin1 = "latin-1"
  case windows1252 = "windows-1252"

  /// The encoding of this name in any case, with or without hyphens, or under one of its usual other names.
  public init?(name: String) {
    let letters = name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
    switch letters {
    case "auto": self = .auto
    case "utf8", "ascii", "usascii": self = .utf8
    case "utf16": self = .utf16
    case "utf16le": self = .utf16le
    case "utf16be": self = .utf16be
    case "latin1", "iso88591": self = .latin1
    case "windows1252", "cp1252", "ansi": self = .windows1252
    default: return nil
    }
  }

  /// The name that users write, for instance `windows-1252`.
  public var name: String { rawValue }
}

/// What the first bytes of a file say about it.
struct TextSniff {
  let encoding: TextEncoding
  /// Bytes of the byte order mark, to be left out.
  let markLength: Int

  static let gzipMagic: [UInt8] = [0x1F, 0x8B]

  /// Whether these bytes suffice: as few as possible, so that a short first line on a pipe is not held back.
  static func isEnough(_ prefix: [UInt8]) -> Bool {
    prefix.count >= (prefix.starts(with: [0xEF, 0xBB]) ? 3 : 2)
  }

  /// Decides the encoding of text that begins so, and refuses what is not text. Throws `SourceError`.
  init(prefix: [UInt8], encoding requested: TextEncoding, path: String) throws(SourceError) {
    let marks: [(bytes: [UInt8], encoding: TextEncoding)] = [
      ([0xEF, 0xBB, 0xBF], .utf8), ([0xFF, 0xFE], .utf16le), ([0xFE, 0xFF], .utf16be),
    ]
    let mark = marks.first { prefix.starts(with: $0.bytes) }
    if let mark, Self.covers(requested, mark.encoding) {
      encoding = mark.encoding
      markLength = mark.bytes.count
    } else {
      markLength = 0
      let guess = requested == .auto || requested == .utf16 ? Self.utf16ByNulls(prefix) : nil
      encoding = guess ?? (requested == .auto ? .utf8 : requested == .utf16 ? .utf16le : requested)
    }
    if encoding == .utf16le || encoding == .utf16be { return }
    if prefix.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      let hint = "it is a ZIP archive or an Excel workbook: unpack it, or save the sheet as CSV"
      throw SourceError.notText(path: path, hint: hint)
    }
    if prefix.contains(0) {
      throw SourceError.notText(path: path, hint: "it has NUL bytes; export it as CSV or JSON Lines")
    }
  }

  private static func covers(_ requested: TextEncoding, _ marked: TextEncoding) -> Bool {
    requested == .auto || requested == marked || (requested == .utf16 && marked != .utf8)
  }

  /// Text in UTF-16 whose characters are mostly below 256 has a NUL in every pair of bytes, always on the same side.
  private static func utf16ByNulls(_ prefix: [UInt8]) -> TextEncoding? {
    let pairs = prefix.count / 2
    var first = 0
    var second = 0
    for pair in 0..<pairs {
      if prefix[2 * pair] == 0 { first += 1 }
      if prefix[2 * pair + 1] == 0 { second += 1 }
    }
    if second * 10 >= pairs * 4, first * 20 <= second, second > 0 { return .utf16le }
    if first * 10 >= pairs * 4, second * 20 <= first, first > 0 { return .utf16be }
    return nil
  }
}
