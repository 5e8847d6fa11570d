/// How a packed record is laid out, as its first two bytes say. A mark is a number longer than it need be, which begins no
/// record without one.
enum RecordForm: Equatable {
  /// Slot by slot, milliseconds: without a mark. For instants that are too far off for columns; all records were so once.
  case plain
  /// Slot by slot, seconds: as records were packed before there were columns.
  case plainSeconds
  /// Columns, instants in seconds.
  case seconds
  /// Columns, instants in milliseconds.
  case milliseconds

  /// The form of a record.
  @inline(__always)
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self = .plain
    guard bytes.count >= 2, bytes[0] & 0x80 != 0, bytes[1] == 0 else { return }
    switch bytes[0] {
    case 0x80: self = .plainSeconds
    case 0x81: self = .seconds
    case 0x82: self = .milliseconds
    default: break
    }
  }

  /// The first byte of the mark, behind which a zero stands; nil for none.
  @inline(__always)
  var mark: UInt8? {
    switch self {
    case .plain: nil
    case .plainSeconds: 0x80
    case .seconds: 0x81
    case .milliseconds: 0x82
    }
  }

  /// How many bytes the mark takes.
  var markLength: Int { self == .plain ? 0 : 2 }

  /// Milliseconds of a unit of instants.
  var unit: Int64 { self == .seconds || self == .plainSeconds ? 1000 : 1 }

  /// Whether the slots stand in columns.
  var hasColumns: Bool { self == .seconds || self == .milliseconds }

  /// How many bytes a newest instant takes in its column, as a signed number of units.
  var width: Int { self == .seconds ? 5 : 6 }

  /// Whether a column has room for an instant.
  @inline(__always)
  func hasRoom(_ instant: Int64) -> Bool {
    let bits = Int64(width * 8 - 1)
    let units = instant / unit
    return units >> bits == units >> 63
  }
}
