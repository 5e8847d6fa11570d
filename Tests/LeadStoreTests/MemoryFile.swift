import CSQLite
import Foundation

/// A value that one thread at a time uses.
final class Locked<Value>: @unchecked Sendable {
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) {
    self.value = value
  }

  func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
    lock.lock()
    defer { lock.unlock() }
    return try body(&value)
  }
}

/// A file of SQLite's that stands in memory, and notes its locks.
final class MemoryFile: @unchecked Sendable {
  /// What SQLite holds to be a file, and whose it is.
  private struct Handle {
    var file: sqlite3_file
    let owner: Unmanaged<MemoryFile>
  }

  struct State {
    var bytes: [UInt8] = []
    /// Writes from this offset on fail.
    var failsFrom = Int64.max
    var syncFails = false
    /// Locks that somebody else has.
    var busyLocks: Set<Int32> = []
    /// What locks were taken and given back, and the bytes of ``watched`` at that time.
    var locks: [(first: Int32, flags: Int32, watched: [UInt8])] = []
  }

  let state = Locked(State())
  /// The file whose bytes are noted with the locks.
  var watched: MemoryFile?
  private let handle: UnsafeMutablePointer<Handle>
  private let methods: UnsafeMutablePointer<sqlite3_io_methods>

  init() {
    methods = .allocate(capacity: 1)
    methods.initialize(to: sqlite3_io_methods())
    handle = .allocate(capacity: 1)
    methods.pointee.iVersion = 2
    methods.pointee.xRead = { file, bytes, count, offset in
      MemoryFile.owner(file)?.read(bytes, Int(count), Int(offset)) ?? SQLITE_MISUSE
    }
    methods.pointee.xWrite = { file, bytes, count, offset in
      MemoryFile.owner(file)?.write(bytes, Int(count), offset) ?? SQLITE_MISUSE
    }
    methods.pointee.xSync = { file, _ in
      MemoryFile.owner(file)?.state.withLock { $0.syncFails } == false ? SQLITE_OK : SQLITE_IOERR
    }
    methods.pointee.xTruncate = { file, size in
      MemoryFile.owner(file)?.state.withLock { $0.bytes.removeSubrange(min($0.bytes.count, Int(size))...) }
      return SQLITE_OK
    }
    methods.pointee.xFileSize = { file, size in
      size?.pointee = Int64(MemoryFile.owner(file)?.bytes.count ?? 0)
      return SQLITE_OK
    }
    methods.pointee.xShmLock = { file, first, count, flags in
      MemoryFile.owner(file)?.lock(first, count, flags) ?? SQLITE_MISUSE
    }
    handle.initialize(to: Handle(file: sqlite3_file(pMethods: methods), owner: .passUnretained(self)))
  }

  deinit {
    handle.deallocate()
    methods.deallocate()
  }

  var file: UnsafeMutablePointer<sqlite3_file> {
    UnsafeMutableRawPointer(handle).assumingMemoryBound(to: sqlite3_file.self)
  }

  /// What has reached the file.
  var bytes: [UInt8] { state.withLock { $0.bytes } }

  private static func owner(_ file: UnsafeMutablePointer<sqlite3_file>?) -> MemoryFile? {
    file.map { UnsafeMutableRawPointer($0).assumingMemoryBound(to: Handle.self).pointee.owner.takeUnretainedValue() }
  }

  private func read(_ target: UnsafeMutableRawPointer?, _ count: Int, _ offset: Int) -> Int32 {
    let bytes = self.bytes
    guard let target, offset + count <= bytes.count else { return SQLITE_IOERR }
    target.copyMemory(from: Array(bytes[offset..<(offset + count)]), byteCount: count)
    return SQLITE_OK
  }

  private func write(_ source: UnsafeRawPointer?, _ count: Int, _ offset: Int64) -> Int32 {
    guard let source else { return SQLITE_MISUSE }
    let piece = Array(UnsafeRawBufferPointer(start: source, count: count))
    return state.withLock { state in
      guard offset + Int64(count) <= state.failsFrom else { return SQLITE_FULL }
      let end = Int(offset) + count
      if end > state.bytes.count { state.bytes += [UInt8](repeating: 0, count: end - state.bytes.count) }
      state.bytes.replaceSubrange(Int(offset)..<end, with: piece)
      return SQLITE_OK
    }
  }

  private func lock(_ first: Int32, _ count: Int32, _ flags: Int32) -> Int32 {
    let watched = self.watched?.bytes ?? []
    return state.withLock { state in
      if flags & SQLITE_SHM_LOCK != 0, state.busyLocks.contains(first) { return SQLITE_BUSY }
      state.locks.append((first, flags, watched))
      return SQLITE_OK
    }
  }

  // MARK: As SQLite does

  private var current: sqlite3_io_methods? { file.pointee.pMethods?.pointee }

  func put(_ bytes: [UInt8], at offset: Int64) -> Int32 {
    current?.xWrite?(file, bytes, Int32(bytes.count), offset) ?? SQLITE_MISUSE
  }

  /// The bytes; nil where they cannot be read.
  func get(_ count: Int, at offset: Int64) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    return current?.xRead?(file, &bytes, Int32(count), offset) == SQLITE_OK ? bytes : nil
  }

  func sync() -> Int32 { current?.xSync?(file, SQLITE_SYNC_NORMAL) ?? SQLITE_MISUSE }

  func truncate(_ size: Int64) -> Int32 { current?.xTruncate?(file, size) ?? SQLITE_MISUSE }

  func lock(_ first: Int32) -> Int32 {
    current?.xShmLock?(file, first, 1, SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE) ?? SQLITE_MISUSE
  }

  func unlock(_ first: Int32) -> Int32 {
    current?.xShmLock?(file, first, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE) ?? SQLITE_MISUSE
  }
}
