#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// Memory of many megabytes that is read here and there.
enum LargeMemory {
  /// In bytes. In less there would be few large pages, or none.
  private static let least = 8 << 20

  /// Asks the system for large pages, so that a read seldom has to look for its page first. Does nothing for less memory.
  static func advise(_ memory: UnsafeMutableRawPointer, _ size: Int) {
    #if os(Linux)
      guard size >= least else { return }
      let page = Int(sysconf(Int32(_SC_PAGESIZE)))
      guard page > 0 else { return }
      // With the pages at both ends: memory in parts that are not alike cannot grow without being copied.
      let start = Int(bitPattern: memory) / page * page
      let end = (Int(bitPattern: memory) + size + page - 1) / page * page
      // Where there are none, nothing is lost.
      _ = madvise(UnsafeMutableRawPointer(bitPattern: start), end - start, MADV_HUGEPAGE)
    #endif
  }
}
