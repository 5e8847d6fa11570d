import RecordFormats
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct SourceTests {
  private static let sample = "Zoë,€,😎\nnext"

  private static func utf16(_ text: String, bigEndian: Bool) -> [UInt8] {
    text.utf16.flatMap { bigEndian ? [UInt8($0 >> 8), UInt8($0 & 0xFF)] : [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
  }

  private func decoded(_ bytes: [UInt8], _ encoding: TextEncoding = .auto, chunk: Int = .max) throws -> String {
    try text(of: textSource(from: MemoryByteSource(bytes, chunk: chunk), path: "f", encoding: encoding))
  }

  @Test(arguments: [1, 2, 3, 5, 1000])
  func marksAndPatternsTellTheEncoding(chunk: Int) throws {
    let sample = Self.sample
    let little = Self.utf16(sample, bigEndian: false)
    let big = Self.utf16(sample, bigEndian: true)
    for encoding in [TextEncoding.auto, .utf8] {
      #expect(try decoded(Array(sample.utf8), encoding, chunk: chunk) == sample)
      #expect(try decoded([0xEF, 0xBB, 0xBF] + Array(sample.utf8), encoding, chunk: chunk) == sample)
    }
    for encoding in [TextEncoding.auto, .utf16] {
      #expect(try decoded([0xFF, 0xFE] + little, encoding, chunk: chunk) == sample)
      #expect(try decoded([0xFE, 0xFF] + big, encoding, chunk: chunk) == sample)
      #expect(try decoded(little, encoding, chunk: chunk) == sample)
      #expect(try decoded(big, encoding, chunk: chunk) == sample)
    }
    #expect(try decoded([0xFF, 0xFE] + little, .utf16le, chunk: chunk) == sample)
    #expect(try decoded(big, .utf16be, chunk: chunk) == sample)
  }

  @Test func shortTextsAreText() throws {
    #expect(try decoded([]) == "")
    #expect(try decoded([0x61]) == "a")
    #expect(try decoded([0xEF, 0xBB, 0xBF]) == "")
    #expect(try decoded([0xFF, 0xFE]) == "")
  }

  @Test func singleByteEncodingsAreDecoded() throws {
    let bytes: [UInt8] = [0x43, 0x61, 0x66, 0xE9, 0x20, 0x80, 0x31, 0x99]
    #expect(try decoded(bytes, .windows1252) == "Café €1™")
    #expect(try decoded(bytes, .latin1) == "Café \u{80}1\u{99}")
    #expect(try decoded([0x81, 0x9F], .windows1252) == "\u{81}Ÿ")
    #expect(try decoded(bytes, .windows1252, chunk: 1) == "Café €1™")
  }

  @Test func brokenUTF16IsRefusedWithItsPlace() throws {
    let cases: [(bytes: [UInt8], offset: Int64)] = [
      ([0x61, 0x00, 0x62], 2),
      ([0x61, 0x00, 0x00, 0xD8], 2),
      ([0x61, 0x00, 0x00, 0xDC, 0x61, 0x00], 2),
      ([0x61, 0x00, 0x00, 0xD8, 0x61, 0x00], 2),
    ]
    for (bytes, offset) in cases {
      for chunk in [1, 100] {
        let error = #expect(throws: SourceError.self) { try decoded(bytes, .utf16le, chunk: chunk) }
        #expect(error == .malformedText(path: "f", encoding: "UTF-16", byteOffset: offset))
      }
    }
  }

  @Test func binaryFilesAreRefused() throws {
    let elf: [UInt8] = [0x7F, 0x45, 0x4C, 0x46, 0x02, 0x01, 0x01, 0x00, 0x41, 0x42, 0x43, 0x44]
    let refusal = SourceError.notText(path: "f", hint: "it has NUL bytes; export it as CSV or JSON Lines")
    #expect(throws: refusal) { try decoded(elf) }
    #expect(throws: refusal) { try decoded(elf, .windows1252) }
    let error = #expect(throws: SourceError.self) { try decoded([0x50, 0x4B, 0x03, 0x04, 0x14, 0x00]) }
    #expect(error?.description.contains("f: is not a text file; it is a ZIP archive or an Excel workbook") == true)
  }

  @Test func encodingsHaveTheirUsualNames() {
    for encoding in TextEncoding.allCases { #expect(TextEncoding(name: encoding.name) == encoding) }
    #expect(TextEncoding(name: "UTF8") == .utf8)
    #expect(TextEncoding(name: "ISO-8859-1") == .latin1)
    #expect(TextEncoding(name: "cp1252") == .windows1252)
    #expect(TextEncoding(name: "ebcdic") == nil)
  }

  @Test(arguments: [1, 7, 100_000])
  func gzipIsRecognisedByItsContents(chunk: Int) throws {
    let lines = (0..<5000).map { "\($0),line number \($0 * 7919)\n" }.joined()
    let packed = gzip(Array(lines.utf8))
    #expect(try decoded(packed, chunk: chunk) == lines)
    #expect(try decoded(packed + gzip([]) + packed, chunk: chunk) == lines + lines, "members follow each other")
    #expect(try decoded(packed + [0, 0, 0], chunk: chunk) == lines, "padding")
    #expect(try decoded(gzip([0xFF, 0xFE, 0x61, 0x00]), chunk: chunk) == "a", "encodings within")
    #expect(try decoded(gzip([]), chunk: chunk) == "")
  }

  @Test func truncatedGzipIsRefusedWhereverItEnds() throws {
    let packed = gzip(Array("some text, some text, some other text".utf8))
    for length in 2..<packed.count {
      #expect(throws: SourceError.truncatedGzip(path: "f")) { try decoded(Array(packed[..<length])) }
    }
    for length in 1..<packed.count {
      #expect(throws: SourceError.truncatedGzip(path: "f")) { try decoded(packed + Array(packed[..<length])) }
    }
  }

  @Test func damagedGzipIsRefused() throws {
    var packed = gzip(Array("some text, some text, some other text".utf8))
    packed[packed.count - 6] ^= 1
    let checksum = #expect(throws: SourceError.self) { try decoded(packed) }
    #expect(checksum?.description.contains("damaged") == true)
    let trailing = #expect(throws: SourceError.self) { try decoded(gzip([0x61]) + [0x62]) }
    #expect(trailing?.description.contains("other data follows") == true)
  }

  @Test func filesAreReadAndMeasured() throws {
    let path = temporaryFile(Array("a,b\n".utf8))
    defer { unlink(path) }
    let source = try openText(path: path)
    #expect(source.rawByteCount == 4)
    #expect(try text(of: source) == "a,b\n")
    #expect(source.rawBytesConsumed == 4)
  }

  @Test func progressOfACompressedFileIsInItsOwnBytes() throws {
    let packed = gzip([UInt8](repeating: 0x61, count: 100_000))
    let source = try textSource(from: MemoryByteSource(packed), path: "f")
    #expect(try readAll(source).count == 100_000)
    #expect(source.rawBytesConsumed == Int64(packed.count))
    #expect(source.rawByteCount == Int64(packed.count))
  }

  @Test func faultsOfFilesAreTold() throws {
    #expect(throws: SourceError.missing(path: "/nowhere/leads.csv")) { try openText(path: "/nowhere/leads.csv") }
    #expect(throws: SourceError.isDirectory(path: "/tmp")) { try openText(path: "/tmp") }
    #expect(SourceError.missing(path: "-").description == "standard input: no such file")
    // Root may read everything.
    if geteuid() == 0 { return }
    let path = temporaryFile([])
    defer { unlink(path) }
    chmod(path, 0)
    #expect(throws: SourceError.permissionDenied(path: path)) { try openText(path: path) }
  }
}
