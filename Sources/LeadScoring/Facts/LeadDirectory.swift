internal import LeadStore
internal import ScoreEngine

/// Finds leads by their keys during an import, and numbers the new ones. Each key is asked of the database once.
struct LeadDirectory {
  /// Why a key is refused.
  enum KeyProblem: Error {
    case empty
    case tooLong
    case hasNUL
  }

  /// The longest key, in bytes.
  static let longestKey = 1024

  private let table: LeadTable
  private let greatestStored: Int64
  private var next: Int64
  private var numbers = ByteTable()
  // By number, from the first new one on: where the folded key stands. A lead is few bytes here, since a file may
  // bring millions.
  private var keyOffsets: [UInt32] = []
  private var keyLengths: [UInt16] = []
  private var isTaken: [Bool] = []
  /// Keys as they were given, where that differs.
  private var givenKeys: [Int64: String] = [:]
  private var folded: [UInt8] = []

  init(_ database: LeadDatabase) throws {
    table = database.leads
    greatestStored = try table.greatestID()
    next = greatestStored + 1
  }

  /// The number of the lead with a key, as it stands in a cell; a new one where there is no such lead.
  mutating func lead(_ key: UnsafeBufferPointer<UInt8>) throws -> Int64 {
    let trimmed = NormalizedText.trimmed(key)
    folded.removeAll(keepingCapacity: true)
    var isFoldedAsGiven = true
    var given: String?
    if NormalizedText.isASCII(trimmed) {
      for byte in trimmed {
        if byte == 0 { throw KeyProblem.hasNUL }
        if byte &- 65 < 26 {
          isFoldedAsGiven = false
          folded.append(byte | 0x20)
        } else {
          folded.append(byte)
        }
      }
    } else {
      let text = NormalizedText.trimmed(NormalizedText.nfc(String(decoding: trimmed, as: UTF8.self)))
      folded = FoldedText(text).bytes
      given = text
      isFoldedAsGiven = folded.elementsEqual(text.utf8)
      if folded.contains(0) { throw KeyProblem.hasNUL }
    }
    guard !folded.isEmpty else { throw KeyProblem.empty }
    guard folded.count <= LeadDirectory.longestKey else { throw KeyProblem.tooLong }

    if let number = folded.withUnsafeBufferPointer({ numbers.value(for: $0) }) { return Int64(number) }
    let stored = try greatestStored > 0 ? folded.withUnsafeBufferPointer { try table.id(key: $0) } : nil
    let number = stored ?? next
    folded.withUnsafeBufferPointer { numbers.insert($0, value: UInt32(truncatingIfNeeded: number)) }
    if stored == nil {
      keyOffsets.append(UInt32(numbers.lastKeyOffset))
      keyLengths.append(UInt16(folded.count))
      isTaken.append(false)
      if !isFoldedAsGiven { givenKeys[next] = given ?? String(decoding: trimmed, as: UTF8.self) }
      next += 1
    }
    return number
  }

  /// Takes a lead off the list of those that the database lacks; false where it has it.
  mutating func takeNew(_ id: Int64) -> Bool {
    guard id > greatestStored else { return false }
    let index = Int(id - greatestStored - 1)
    guard !isTaken[index] else { return false }
    isTaken[index] = true
    return true
  }

  /// Calls `body` with a new lead's key: folded, and as it was given where that differs.
  func withNewKey(_ id: Int64, _ body: (_ folded: UnsafeBufferPointer<UInt8>, _ given: String?) throws -> Void) rethrows
  {
    let index = Int(id - greatestStored - 1)
    try numbers.withKey(at: Int(keyOffsets[index]), count: Int(keyLengths[index])) { try body($0, givenKeys[id]) }
  }

  /// The key of a lead with a key of a person's spelling, folded for a look-up.
  static func folded(_ key: String) -> String {
    FoldedText(NormalizedText.trimmed(NormalizedText.nfc(key))).text
  }
}
