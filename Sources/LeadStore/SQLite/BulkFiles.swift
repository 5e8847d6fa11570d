internal import CSQLite

/// The log and the database's file of one large transaction, whose writes are gathered, and the locks by which other
/// connections are kept from seeing files that lack some of them: https://sqlite.org/walformat.html#locks
///
/// - Nothing may reach the log any more once another connection can write to it: before the writer's lock is given back,
///   everything is written.
/// - A checkpoint that copies all of the log cuts and syncs the database's file before it says that it is done, and hears
///   then of a write that failed. One that stops at what a reader needs, or during which others add to the log, does
///   neither. So the writer's lock is kept until the checkpoint after the commit has ended, and where a reader stops that
///   one, each page is written at once.
final class BulkFiles {
  // Of the log's index. Readers with these locks limit how much of the log may be copied; who has another reader's lock,
  // 3, reads the database alone.
  private static let writerLock: Int32 = 0
  private static let checkpointLock: Int32 = 1
  private static let readerLocks: ClosedRange<Int32> = 4...7

  private let log: GatheredFile
  private let database: GatheredFile
  /// SQLite has given back the writer's lock, and we have not.
  private var keepsWriterLock = false

  /// Stands in for the methods of two open files, until ``end()``; nil where one is no file.
  init?(
    log: UnsafeMutablePointer<sqlite3_file>, logPath: String, database: UnsafeMutablePointer<sqlite3_file>,
    pageSize: Int
  ) {
    let late = LateWrites()
    guard
      let log = GatheredFile(log, late, frames: LogFrames(path: logPath, pageSize: pageSize)),
      let database = GatheredFile(database, late)
    else { return nil }
    self.log = log
    self.database = database
    database.gathers = false
    database.onLock = { [unowned self] in lock($0, $1, $2) }
  }

  deinit { end() }

  /// Gives the files their own methods back, and the writer's lock. What was written and not synced may be lost.
  func end() {
    log.end()
    database.onLock = nil
    database.end()
    letOthersWrite()
  }

  private func lock(_ first: Int32, _ count: Int32, _ flags: Int32) -> Int32 {
    guard count == 1, flags & SQLITE_SHM_EXCLUSIVE != 0 else { return database.lock(first, count, flags) }
    let takes = flags & SQLITE_SHM_LOCK != 0
    switch first {
    case BulkFiles.writerLock where takes && keepsWriterLock:
      keepsWriterLock = false
      return SQLITE_OK
    case BulkFiles.writerLock where !takes:
      // Where this fails the transaction is undone: a commit is synced before.
      _ = log.writeAll()
      guard log.isSynced else { break }
      keepsWriterLock = true
      return SQLITE_OK
    case BulkFiles.checkpointLock where takes:
      let code = database.lock(first, count, flags)
      database.gathers = code == SQLITE_OK && keepsWriterLock
      if code != SQLITE_OK { letOthersWrite() }
      return code
    case BulkFiles.checkpointLock:
      database.gathers = false
      _ = database.writeAll()
      defer { letOthersWrite() }
      return database.lock(first, count, flags)
    case BulkFiles.readerLocks where takes:
      let code = database.lock(first, count, flags)
      if code != SQLITE_OK {
        database.gathers = false
        letOthersWrite()
      }
      return code
    default: break
    }
    return database.lock(first, count, flags)
  }

  private func letOthersWrite() {
    guard keepsWriterLock else { return }
    keepsWriterLock = false
    _ = database.lock(BulkFiles.writerLock, 1, SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE)
  }
}
