import CZlib
import RecordFormats

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Every text over the alphabet of at most this length, the empty one included.
func everyText(over alphabet: [UInt8], upTo length: Int) -> [[UInt8]] {
  var all: [[UInt8]] = [[]]
  var longest: [[UInt8]] = [[]]
  for _ in 0..<length {
    longest = longest.flatMap { text in alphabet.map { text + [$0] } }
    all += longest
  }
  return all
}

/// Everything that a source holds.
func readAll(_ source: any ByteSource, capacity: Int = 1 << 16) throws -> [UInt8] {
  var all: [UInt8] = []
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
  defer { buffer.deallocate() }
  while true {
    let count = try source.read(into: buffer)
    if count == 0 { return all }
    all += buffer[..<count]
  }
}

func text(of source: any ByteSource) throws -> String {
  String(decoding: try readAll(source), as: UTF8.self)
}

func gzip(_ bytes: [UInt8]) -> [UInt8] {
  var stream = z_stream()
  guard czlib_deflate_init(&stream, 6, 15 + 16) == Z_OK else { return [] }
  defer { deflateEnd(&stream) }
  var input = bytes
  var output = [UInt8](repeating: 0, count: bytes.count + 1024)
  let room = output.count
  input.withUnsafeMutableBufferPointer { source in
    output.withUnsafeMutableBufferPointer { target in
      stream.next_in = source.baseAddress
      stream.avail_in = UInt32(source.count)
      stream.next_out = target.baseAddress
      stream.avail_out = UInt32(target.count)
      _ = deflate(&stream, Z_FINISH)
    }
  }
  return Array(output[..<(room - Int(stream.avail_out))])
}

/// A new file in the temporary folder; the caller removes it.
func temporaryFile(_ bytes: [UInt8]) -> String {
  var template = Array("/tmp/record-formats-XXXXXX".utf8CString)
  let descriptor = mkstemp(&template)
  _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  close(descriptor)
  return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// A pipe whose one end is a source and whose other end the test writes to.
final class TestPipe {
  let source: FileByteSource
  private var writeEnd: Int32

  init() throws {
    var ends: [Int32] = [0, 0]
    _ = pipe(&ends)
    source = try FileByteSource(descriptor: ends[0], path: "pipe", closesDescriptor: true)
    writeEnd = ends[1]
  }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { write(writeEnd, $0.baseAddress, $0.count) }
  }

  func finish() {
    if writeEnd >= 0 { close(writeEnd) }
    writeEnd = -1
  }

  deinit { finish() }
}

/// `shared/data` beside the checkout, with symbolic links resolved; nil where it does not exist.
func sharedData(_ name: String, file: String = #filePath) -> String? {
  guard let resolved = realpath(file, nil) else { return nil }
  defer { free(resolved) }
  let checkout = String(cString: resolved).split(separator: "/").dropLast(3)
  let folder = "/" + checkout.dropLast().joined(separator: "/") + "/shared/data/" + name
  return access(folder, R_OK) == 0 ? folder : nil
}

/// The names of the files in a folder, sorted.
func fileNames(in folder: String) -> [String] {
  guard let directory = opendir(folder) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    if !name.hasPrefix(".") { names.append(name) }
  }
  return names.sorted()
}
