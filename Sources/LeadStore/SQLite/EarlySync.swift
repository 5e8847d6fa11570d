internal import CSQLite

/// Syncs a file from time to time while more is written to it, so that the sync that counts finds little left to wait for.
///
/// Used by one thread at a time, that which writes to the file. SQLite's own method of syncing does no more than to ask the
/// system, which it may while another thread writes.
final class EarlySync {
  typealias Sync = @convention(c) (UnsafeMutablePointer<sqlite3_file>?, Int32) -> Int32

  /// What a sync's thread is given, and what it says: to be read when the thread has ended.
  private final class Work: @unchecked Sendable {
    let file: UnsafeMutablePointer<sqlite3_file>
    let sync: Sync
    var code = SQLITE_OK

    init(_ file: UnsafeMutablePointer<sqlite3_file>, _ sync: @escaping Sync) {
      self.file = file
      self.sync = sync
    }
  }

  /// After how many bytes a sync begins.
  private static let step = 64 << 20

  private let file: UnsafeMutablePointer<sqlite3_file>
  private let sync: Sync
  private var written = 0
  private var running: (thread: WorkerThread, work: Work)?

  init(_ file: UnsafeMutablePointer<sqlite3_file>, _ sync: @escaping Sync) {
    self.file = file
    self.sync = sync
  }

  /// Notes that bytes were written, and begins a sync where there are enough of them, once the one before has ended.
  ///
  /// - Returns: what the one before said.
  func note(_ count: Int) -> Int32 {
    written += count
    guard written >= EarlySync.step else { return SQLITE_OK }
    written = 0
    let code = finish()
    let work = Work(file, sync)
    // Where the system has no thread to give, the sync at the end does all.
    if let thread = try? WorkerThread({ work.code = work.sync(work.file, SQLITE_SYNC_NORMAL) }) {
      running = (thread, work)
    }
    return code
  }

  /// Waits for the sync that is under way.
  ///
  /// - Returns: what it said: the system may tell of a failure only once.
  func finish() -> Int32 {
    guard let running else { return SQLITE_OK }
    self.running = nil
    running.thread.join()
    return running.work.code
  }
}
