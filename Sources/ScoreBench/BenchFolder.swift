import Foundation

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The folder in which a run of the benchmark keeps all its files.
struct BenchFolder {
  let path: String

  init(_ path: String) throws {
    self.path = path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  func remove() throws { try FileManager.default.removeItem(atPath: path) }

  /// Removes a database and what SQLite keeps beside it.
  func removeDatabase(_ name: String) throws {
    for suffix in BenchFolder.suffixes where FileManager.default.fileExists(atPath: file(name + suffix)) {
      try FileManager.default.removeItem(atPath: file(name + suffix))
    }
  }

  /// Copies a database and waits until the copy is on the disk: a measured commit must not pay for it.
  func copyDatabase(_ name: String, to other: String) throws {
    try removeDatabase(other)
    for suffix in BenchFolder.suffixes where FileManager.default.fileExists(atPath: file(name + suffix)) {
      try FileManager.default.copyItem(atPath: file(name + suffix), toPath: file(other + suffix))
      let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file(other + suffix)))
      guard fsync(handle.fileDescriptor) == 0 else {
        throw BenchProblem(description: "cannot sync \(file(other)): \(String(cString: strerror(errno)))")
      }
      try handle.close()
    }
  }

  /// How many bytes a database takes.
  func databaseSize(_ name: String) -> Int {
    BenchFolder.suffixes.reduce(0) { sum, suffix in
      let attributes = try? FileManager.default.attributesOfItem(atPath: file(name + suffix))
      return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
    }
  }

  private static let suffixes = ["", "-wal", "-shm"]
}
