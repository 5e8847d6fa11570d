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
    guard output != "-", let target = identity(output) else { return }
    for file in [database, database + "-wal", database + "-shm"] where identity(file) == target {
      throw CommandError(.usage, "\(output) is the database; name another file to write")
    }
    for file in inputs where file != "-" && identity(file) == target {
      throw CommandError(.usage, "\(output) is read by this command; name another file to write")
    }
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
