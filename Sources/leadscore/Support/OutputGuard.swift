#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Sees that a file to be written is none that the command works on.
enum OutputGuard {
  /// - Parameters:
  ///   - output: the path to be written; `-` is standard output.
  ///   - database: the database's path.
  ///   - inputs: the files that are read.
  /// - Throws: a usage error where writing would overwrite one of them, by whatever name.
  static func check(_ output: String, database: String, inputs: [String] = []) throws {
    guard output != "-" else { return }
    // What stands beside a database comes and goes with those who use it.
    for file in ["", "-wal", "-shm", "-journal"].map({ database + $0 }) where areSame(output, file) {
      throw CommandError(.usage, "\(output) is the database; name another file to write")
    }
    for file in inputs where file != "-" && areSame(output, file) {
      throw CommandError(.usage, "\(output) is read by this command; name another file to write")
    }
  }

  /// Whether two paths name one file, which need not exist yet.
  static func areSame(_ path: String, _ other: String) -> Bool {
    if let target = identity(path), let file = identity(other) { return target == file }
    let (place, second) = (split(path), split(other))
    guard place.name == second.name, let folder = identity(place.folder) else { return false }
    return folder == identity(second.folder)
  }

  /// Whether there is a regular file under a path; `-` is standard output.
  static func isFile(_ path: String) -> Bool {
    guard path != "-" else { return false }
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  private static func split(_ path: String) -> (folder: String, name: Substring) {
    guard let slash = path.lastIndex(of: "/") else { return (".", path[...]) }
    return (String(path[...slash]), path[path.index(after: slash)...])
  }

  private struct Identity: Equatable {
    let device: UInt64
    let file: UInt64
  }

  private static func identity(_ path: String) -> Identity? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Identity(device: UInt64(truncatingIfNeeded: status.st_dev), file: UInt64(truncatingIfNeeded: status.st_ino))
  }
}
