internal import CSQLite

/// Gathers what SQLite writes to one of its files in small pieces into large ones, by standing in for the file's own
/// methods: https://sqlite.org/c3ref/io_methods.html
///
/// A page on its way into the log is two writes, none of which begins or ends with a page of the system's, and where a
/// page was written twice SQLite goes over all of the log once more, frame by frame. What is gathered is written by another
/// thread, all of it before the file is synced, cut or measured. Whoever has a file gathered sees that nobody looks for it
/// before that: see ``BulkFiles``.
final class GatheredFile {
  /// What SQLite holds to be the file's methods, and whose they are.
  private struct Table {
    var methods: sqlite3_io_methods
    let owner: Unmanaged<GatheredFile>
  }

  private typealias File = UnsafeMutablePointer<sqlite3_file>?
  private typealias Read = @convention(c) (File, UnsafeMutableRawPointer?, Int32, Int64) -> Int32
  private typealias Write = @convention(c) (File, UnsafeRawPointer?, Int32, Int64) -> Int32

  private let file: UnsafeMutablePointer<sqlite3_file>
  private let original: UnsafePointer<sqlite3_io_methods>
  private let readFile: Read
  private let writeFile: Write
  private let syncFile: EarlySync.Sync
  private let early: EarlySync
  private let table: UnsafeMutablePointer<Table>
  private var isStandingIn = false
  /// Of the log alone.
  private let frames: LogFrames?
  /// Whether what SQLite writes is gathered; otherwise it is written at once.
  var gathers = true
  /// Called instead of the file when SQLite takes a lock of the log's index or gives it back.
  var onLock: ((_ first: Int32, _ count: Int32, _ flags: Int32) -> Int32)?

  private let late: LateWrites
  /// Where the windows stand that may be given to ``late`` and not written.
  private var lateParts: [Range<Int64>] = []

  // The part of the file that is in memory. What is written ends at a multiple of its size, or before that.
  private static let windowSize = LateWrites.bufferSize
  private var window = UnsafeMutableRawPointer.allocate(byteCount: GatheredFile.windowSize, alignment: 4096)
  private var start: Int64 = 0
  private var count = 0
  /// How many bytes it can have.
  private var limit = 0
  /// What of it is yet to be written.
  private var unwritten = 0..<0
  /// Where the file ends.
  private var fileEnd: Int64 = 0

  /// Stands in for the methods of an open file, until ``end()``; nil where that is no file.
  ///
  /// - Parameters:
  ///   - late: writes what leaves the window.
  ///   - frames: for the log.
  init?(_ file: UnsafeMutablePointer<sqlite3_file>, _ late: LateWrites, frames: LogFrames? = nil) {
    guard let original = file.pointee.pMethods, let read = original.pointee.xRead,
      let write = original.pointee.xWrite, let sync = original.pointee.xSync, let size = original.pointee.xFileSize,
      size(file, &fileEnd) == SQLITE_OK
    else { return nil }
    self.file = file
    self.original = original
    self.frames = frames
    self.late = late
    readFile = read
    writeFile = write
    syncFile = sync
    early = EarlySync(file, sync)
    table = .allocate(capacity: 1)
    table.initialize(to: Table(methods: original.pointee, owner: .passUnretained(self)))
    standIn()
  }

  deinit {
    end()
    table.deinitialize(count: 1)
    table.deallocate()
    window.deallocate()
  }

  private func standIn() {
    table.pointee.methods.xRead = { file, bytes, count, offset in
      guard let owner = GatheredFile.owner(of: file), let bytes else { return SQLITE_MISUSE }
      return owner.read(into: bytes, Int(count), at: offset)
    }
    table.pointee.methods.xWrite = { file, bytes, count, offset in
      guard let owner = GatheredFile.owner(of: file), let bytes else { return SQLITE_MISUSE }
      return owner.write(bytes, Int(count), at: offset)
    }
    table.pointee.methods.xSync = { file, flags in GatheredFile.owner(of: file)?.sync(flags) ?? SQLITE_MISUSE }
    table.pointee.methods.xShmLock = { file, first, count, flags in
      guard let owner = GatheredFile.owner(of: file) else { return SQLITE_MISUSE }
      return owner.onLock?(first, count, flags) ?? owner.lock(first, count, flags)
    }
    // What is seldom asked for goes the file's own way, once all is written.
    table.pointee.methods.xTruncate = { file, size in
      guard let owner = GatheredFile.owner(of: file) else { return SQLITE_MISUSE }
      let code = owner.writeAll()
      if code == SQLITE_OK { owner.fileEnd = min(owner.fileEnd, size) }
      return code == SQLITE_OK ? owner.original.pointee.xTruncate?(file, size) ?? SQLITE_OK : code
    }
    table.pointee.methods.xFileSize = { file, size in
      guard let owner = GatheredFile.owner(of: file) else { return SQLITE_MISUSE }
      let code = owner.writeAll()
      return code == SQLITE_OK ? owner.original.pointee.xFileSize?(file, size) ?? SQLITE_OK : code
    }
    table.pointee.methods.xClose = { file in
      guard let owner = GatheredFile.owner(of: file) else { return SQLITE_MISUSE }
      let code = owner.writeAll()
      owner.end()
      return owner.original.pointee.xClose?(file) ?? code
    }
    file.pointee.pMethods = UnsafeRawPointer(table).assumingMemoryBound(to: sqlite3_io_methods.self)
    isStandingIn = true
  }

  private static func owner(of file: UnsafeMutablePointer<sqlite3_file>?) -> GatheredFile? {
    guard let methods = file?.pointee.pMethods else { return nil }
    return UnsafeRawPointer(methods).assumingMemoryBound(to: Table.self).pointee.owner.takeUnretainedValue()
  }

  /// Gives the file its own methods back. What was written and not synced may be lost.
  func end() {
    guard isStandingIn else { return }
    isStandingIn = false
    _ = letGo()
    _ = finishLate()
    _ = early.finish()
    file.pointee.pMethods = original
  }

  // MARK: The window

  /// Waits until everything that another thread is to write is written.
  private func finishLate() -> Int32 {
    let code = late.finish()
    // Where something failed, what is asked for of the parts may be old.
    if code == SQLITE_OK { lateParts.removeAll(keepingCapacity: true) }
    return code
  }

  /// Waits until a part of the file is written, but for the window.
  private func settle(_ size: Int, at offset: Int64) -> Int32 {
    lateParts.contains { $0.overlaps(offset..<(offset + Int64(size))) } ? finishLate() : SQLITE_OK
  }

  /// Writes what is yet to be written and keeps the window.
  private func flush() -> Int32 {
    guard !unwritten.isEmpty else { return SQLITE_OK }
    var code = finishLate()
    guard code == SQLITE_OK else { return code }
    code = writeNow(window + unwritten.lowerBound, unwritten.count, at: start + Int64(unwritten.lowerBound))
    if code == SQLITE_OK { unwritten = 0..<0 }
    return code
  }

  /// Writes while the other thread has nothing of this file to write.
  private func writeNow(_ bytes: UnsafeRawPointer, _ size: Int, at offset: Int64) -> Int32 {
    var code = writeFile(file, bytes, Int32(size), offset)
    // What is not gathered may be relied on before a sync, which then must be the one that hears of what went wrong.
    if code == SQLITE_OK, gathers { code = early.note(size) }
    return code == SQLITE_OK ? code : late.fail(code)
  }

  /// Gives the window away to be written and begins with none.
  private func letGo() -> Int32 {
    defer { count = 0 }
    guard !unwritten.isEmpty else { return SQLITE_OK }
    let part = unwritten
    let offset = start + Int64(part.lowerBound)
    unwritten = 0..<0
    if lateParts.count == LateWrites.limit { lateParts.removeFirst() }
    lateParts.append(offset..<(offset + Int64(part.count)))
    let full = window
    window = late.newBuffer()
    // Not the owner, which would end on the other thread where that lets go of the work last.
    return late.add(full) { [file, writeFile, early] buffer in
      let code = writeFile(file, buffer + part.lowerBound, Int32(part.count), offset)
      return code == SQLITE_OK ? early.note(part.count) : code
    }
  }

  /// Writes everything and begins with no window.
  func writeAll() -> Int32 {
    let code = letGo()
    return code == SQLITE_OK && !lateParts.isEmpty ? finishLate() : code
  }

  /// Whether something was written, and all of it was synced; for the log.
  var isSynced: Bool { frames?.isSynced ?? false }

  /// Takes a lock of the log's index or gives it back.
  func lock(_ first: Int32, _ count: Int32, _ flags: Int32) -> Int32 {
    original.pointee.xShmLock?(file, first, count, flags) ?? SQLITE_MISUSE
  }

  private func begin(at offset: Int64) {
    start = offset
    count = 0
    limit = GatheredFile.windowSize - Int(offset % Int64(GatheredFile.windowSize))
  }

  private func write(_ bytes: UnsafeRawPointer, _ size: Int, at offset: Int64) -> Int32 {
    frames?.note(bytes, size, at: offset)
    fileEnd = max(fileEnd, offset + Int64(size))
    if !gathers {
      let code = writeAll()
      return code == SQLITE_OK ? writeNow(bytes, size, at: offset) : code
    }
    if count > 0, offset + Int64(size) <= start {
      let code = finishLate()
      return code == SQLITE_OK ? writeNow(bytes, size, at: offset) : code
    }
    if count == 0 || offset < start || offset > start + Int64(count) {
      let code = letGo()
      guard code == SQLITE_OK else { return code }
      begin(at: offset)
    }
    var done = 0
    while done < size {
      let place = Int(offset + Int64(done) - start)
      let part = min(size - done, limit - place)
      (window + place).copyMemory(from: bytes + done, byteCount: part)
      count = max(count, place + part)
      unwritten =
        unwritten.isEmpty
        ? place..<(place + part) : min(unwritten.lowerBound, place)..<max(unwritten.upperBound, place + part)
      done += part
      if place + part == limit {
        let code = letGo()
        guard code == SQLITE_OK else { return code }
        begin(at: start + Int64(limit))
      }
    }
    return SQLITE_OK
  }

  private func read(into bytes: UnsafeMutableRawPointer, _ size: Int, at offset: Int64) -> Int32 {
    // What is let go of before it was read comes from the disk.
    defer { frames?.noteRead(size, at: offset) }
    if !holds(size, at: offset) {
      // Where a whole frame is read, SQLite goes over the log.
      if let frames, size == frames.frameSize {
        let code = letGo()
        guard code == SQLITE_OK else { return code }
        _ = load(from: offset, size)
      }
      if count > 0, offset < start + Int64(count), offset + Int64(size) > start {
        let code = flush()
        guard code == SQLITE_OK else { return code }
      }
    }
    guard holds(size, at: offset) else {
      let code = settle(size, at: offset)
      return code == SQLITE_OK ? readFile(file, bytes, Int32(size), offset) : code
    }
    bytes.copyMemory(from: window + Int(offset - start), byteCount: size)
    return SQLITE_OK
  }

  private func holds(_ size: Int, at offset: Int64) -> Bool {
    count > 0 && offset >= start && offset + Int64(size) <= start + Int64(count)
  }

  /// Reads as many pieces of a size as the window can have; false where that cannot be done.
  private func load(from offset: Int64, _ size: Int) -> Bool {
    let pieces = min(Int64(GatheredFile.windowSize), fileEnd - offset) / Int64(size)
    guard pieces > 0, settle(Int(pieces) * size, at: offset) == SQLITE_OK,
      readFile(file, window, Int32(pieces) * Int32(size), offset) == SQLITE_OK
    else { return false }
    start = offset
    count = Int(pieces) * size
    limit = count
    return true
  }

  private func sync(_ flags: Int32) -> Int32 {
    for code in [flush(), finishLate(), early.finish()] where code != SQLITE_OK { return code }
    let code = syncFile(file, flags)
    if code == SQLITE_OK { frames?.isSynced = true }
    return code
  }
}
