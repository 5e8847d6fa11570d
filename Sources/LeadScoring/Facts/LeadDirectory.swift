internal import LeadStore
internal import ScoreEngine

/// Finds leads by their keys during an import, and numbers the new ones. Each key is asked of the database once.
struct LeadDirectory {
  /// A lead that the database does not have yet.
  struct NewLead {
    /// Trimmed, NFC, folded.
    let folded: [UInt8]
    /// As it was given, where that differs.
    let given: String?
  }

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
  private var newLeads: [Int64: NewLead] = [:]
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
    var id: Int64?
    if greatestStored > 0 { id = try folded.withUnsafeBufferPointer { try table.id(key: $0) } }
    if id == nil {
      id = next
      newLeads[next] = NewLead(
        folded: folded,
        given: isFoldedAsGiven ? nil : given ?? String(decoding: trimmed, as: UTF8.self))
      next += 1
    }
    let number = id ?? 0
    folded.withUnsafeBufferPointer { numbers.insert($0, value: UInt32(truncatingIfNeeded: number)) }
    return number
  }

  /// Takes a lead off the list of those that the database lacks; nil where it has it.
  mutating func takeNew(_ id: Int64) -> NewLead? {
    id > greatestStored ? newLeads.removeValue(forKey: id) : nil
  }

  /// The key of a lead with a key of a person's spelling, folded for a look-up.
  static func folded(_ key: String) -> String {
    FoldedText(NormalizedText.trimmed(NormalizedText.nfc(key))).text
  }
}
