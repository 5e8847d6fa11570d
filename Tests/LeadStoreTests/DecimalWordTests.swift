import Testing

@testable import LeadStore

@Suite("Digits and texts in words of eight bytes")
struct DecimalWordTests {
  @Test("numbers of any length, whatever is behind them")
  func numbers() {
    for count in 0...18 {
      for rest in ["", ",", "]", "x,1234567890", "\u{2F}", ":", "é", "\0\0\0\0\0\0\0\0\0"] {
        for digits in ["1234567890123456789", "0000000000000000000", "9999999999999999999", "1000000000000000000"] {
          let bytes = Array((digits.prefix(count) + rest).utf8)
          bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            var place = base
            let number = DecimalWord.number(&place, base + buffer.count)
            #expect(number == Int64(digits.prefix(count)) ?? 0, "\(digits.prefix(count))\(rest)")
            #expect(place - base == count)
          }
        }
      }
    }
  }

  @Test("the first byte of a value is found, and the first one that is no digit")
  func bytes() {
    var random = SeededRandom(seed: 3)
    for _ in 0..<2000 {
      let bytes = (0..<8).map { _ in
        random.chance(50) ? UInt8.random(in: 0...255, using: &random) : UInt8.random(in: 0x21...0x3A, using: &random)
      }
      let word = bytes.withUnsafeBufferPointer { $0.baseAddress.map { DecimalWord.load($0) } ?? 0 }
      let isDigit: [Bool] = bytes.map { $0 >= 48 && $0 <= 57 }
      func first(_ marks: UInt64) -> Int? { marks == 0 ? nil : marks.trailingZeroBitCount / 8 }
      #expect(first(DecimalWord.bytes(equalTo: 0x22, in: word)) == bytes.firstIndex(of: 0x22))
      #expect(first(DecimalWord.textMarks(in: word)) == bytes.firstIndex { $0 == 0x22 || $0 == 0x5C })
      let values = DecimalWord.values(word)
      #expect(first(DecimalWord.others(values)) == isDigit.firstIndex(of: false))
    }
  }

  @Test("texts keep their numbers, however long and alike they are")
  func textNumbers() {
    var random = SeededRandom(seed: 9)
    var numbers = TextNumbers()
    var known: [String: Int] = [:]
    #expect(numbers.number(nil) == 0)
    for _ in 0..<4000 {
      let length = Int.random(in: 0...20, using: &random)
      let text = String((0..<length).map { _ in random.chance(90) ? "a" : "b" })
      let number = numbers.number(text)
      if let before = known[text] { #expect(number == before) } else { #expect(number == known.count + 1) }
      known[text] = number
      #expect(numbers.text(number) == text)
    }
    #expect(known.count > 200)
    #expect(numbers.count == known.count + 1)
  }
}
