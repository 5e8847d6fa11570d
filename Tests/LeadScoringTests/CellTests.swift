import LeadStore
import Testing

@testable import LeadScoring

extension String {
  /// Calls `body` with the text as a cell, behind which other bytes stand.
  fileprivate func withCell<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let bytes = Array(utf8) + repeatElement(UInt8(ascii: ","), count: CellTable.longest)
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[..<utf8.count])) }
  }
}

/// What the reader of a file of events keeps of cells, and how it folds keys.
@Suite struct CellTests {
  private func number(_ table: CellTable, _ text: String, tag: UInt8) -> String? {
    text.withCell { cell in
      guard let entry = table.find(cell, tag: tag) else { return nil }
      return withUnsafeBytes(of: entry.pointee.output) {
        String(decoding: $0[..<Int(entry.pointee.outputCount)], as: UTF8.self)
      }
    }
  }

  /// Texts that differ in one byte, in length or in the tag alone.
  @Test func cellsAreToldApart() {
    let table = CellTable()
    var texts = [""]
    for count in 1...CellTable.longest {
      texts.append(String(repeating: "a", count: count))
      for place in 0..<count {
        var bytes = [UInt8](repeating: UInt8(ascii: "a"), count: count)
        for other in [UInt8(ascii: "b"), 0] {
          bytes[place] = other
          texts.append(String(decoding: bytes, as: UTF8.self))
        }
      }
    }
    #expect(Set(texts).count == texts.count)
    for tag in [UInt8(0), 1, 255] {
      for (index, text) in texts.enumerated() {
        #expect(number(table, text, tag: tag) == nil)
        let isKept = text.withCell {
          table.insert($0, tag: tag, number: UInt32(index * 256 + Int(tag)))
        }
        #expect(isKept)
      }
    }
    for tag in [UInt8(0), 1, 255] {
      for (index, text) in texts.enumerated() {
        #expect(number(table, text, tag: tag) == ",\(index * 256 + Int(tag))")
      }
    }
  }

  @Test func whatDoesNotFitIsRefused() {
    let table = CellTable()
    "12345678901234567".withCell {
      #expect(!table.insert($0, tag: 0, number: 1))
      #expect(table.find($0, tag: 0) == nil)
    }
    "a".withCell {
      #expect(!table.insert($0, tag: 0, number: 10_000_000))
      #expect(table.insert($0, tag: 0, number: 9_999_999))
    }
    #expect(number(table, "a", tag: 0) == ",9999999")
  }

  @Test func keysAreFolded() throws {
    func folded(_ bytes: [UInt8]) throws -> (String, String?) {
      var buffer = ByteBuffer()
      buffer.append(UInt8(ascii: "#"))
      let given = try bytes.withUnsafeBufferPointer { try LeadKey.append($0, to: &buffer) }
      return (buffer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }, given)
    }
    // All of ASCII but NUL, at each place of keys of many lengths.
    for count in 1...20 {
      for place in 0..<count {
        for byte in UInt8(1)..<128 {
          var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: count)
          bytes[place] = byte
          let text = String(decoding: bytes, as: UTF8.self)
          let trimmed = NormalizedText.trimmed(text)
          if trimmed.isEmpty { continue }
          let (key, given) = try folded(bytes)
          #expect(key == "#" + trimmed.lowercased())
          #expect(given == (trimmed == trimmed.lowercased() ? nil : trimmed))
        }
        var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: count)
        bytes[place] = 0
        #expect(throws: LeadKey.Problem.hasNUL) { try folded(bytes) }
      }
    }
    #expect(try folded(Array(" \tÄrger@Example.COM ".utf8)) == ("#ärger@example.com", "Ärger@Example.COM"))
    #expect(throws: LeadKey.Problem.empty) { try folded([]) }
    #expect(throws: LeadKey.Problem.empty) { try folded(Array("  \t".utf8)) }
    #expect(try folded([UInt8](repeating: 97, count: 1024)).0.utf8.count == 1025)
    #expect(throws: LeadKey.Problem.tooLong) { try folded([UInt8](repeating: 97, count: 1025)) }
  }
}
