#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

struct SetupFailure: Error {}

/// Runs the body with the two ends of a pipe and closes them, unless the body closed the reading one.
func withPipe(_ body: (_ reading: Int32, _ writing: Int32) throws -> Void) throws {
  var ends: [Int32] = [0, 0]
  guard pipe(&ends) == 0 else { throw SetupFailure() }
  defer {
    close(ends[0])
    close(ends[1])
  }
  try body(ends[0], ends[1])
}

/// Runs the body with a new folder, which is removed with the files in it.
func withFolder(_ body: (_ folder: String) throws -> Void) throws {
  var template = Array("/tmp/terminal-output-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw SetupFailure() }
  let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  defer {
    for name in names(in: folder) { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }
  try body(folder)
}

func names(in folder: String) -> [String] {
  guard let handle = opendir(folder) else { return [] }
  defer { closedir(handle) }
  var result: [String] = []
  while let entry = readdir(handle) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if name != ".", name != ".." { result.append(name) }
  }
  return result.sorted()
}

func contents(of path: String) throws -> String {
  let descriptor = open(path, O_RDONLY)
  guard descriptor >= 0 else { throw SetupFailure() }
  defer { close(descriptor) }
  return String(decoding: bytes(from: descriptor), as: UTF8.self)
}

func bytes(from descriptor: Int32, atMost limit: Int = .max) -> [UInt8] {
  var result: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65536)
  while result.count < limit {
    let count = read(descriptor, &chunk, min(chunk.count, limit - result.count))
    if count <= 0 { break }
    result += chunk[..<count]
  }
  return result
}

func place(_ text: String, at path: String, mode: mode_t = 0o644) throws {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
  guard descriptor >= 0 else { throw SetupFailure() }
  defer { close(descriptor) }
  fchmod(descriptor, mode)
  let bytes = Array(text.utf8)
  guard write(descriptor, bytes, bytes.count) == bytes.count else { throw SetupFailure() }
}

func mode(of path: String) -> mode_t {
  var information = stat()
  return stat(path, &information) == 0 ? information.st_mode & 0o7777 : 0
}
