internal import CSQLite

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// Writes that a thread of its own does one after the other, in the order in which they are given to it by one thread.
///
/// The thread is started for the first ones that are worth it. Where it cannot be, the giver does them.
final class LateWrites {
  /// Writes what stands in a buffer, and says what SQLite would hear of it.
  typealias Work = (_ buffer: UnsafeMutableRawPointer) -> Int32

  /// Of a buffer, in bytes. SQLite's methods take less than 128 KiB at a time.
  static let bufferSize = 64 << 10
  /// How many may be given and not done, so that their bytes do not pile up.
  static let limit = 16
  /// So many wake the thread: waking it costs more than a small write.
  fileprivate static let batch = 4

  private let queue = WorkQueue()
  private var thread: WorkerThread?
  private var mayStart = LateWrites.isPossible

  deinit {
    queue.stop()
    if let thread { thread.join() } else { queue.run() }
  }

  /// Whether the system's calls that SQLite uses name the place in the file, so that two threads can write:
  /// https://sqlite.org/c3ref/vfs.html
  private static let isPossible: Bool = {
    guard let vfs = sqlite3_vfs_find(nil), vfs.pointee.iVersion >= 3, let call = vfs.pointee.xGetSystemCall else {
      return false
    }
    #if canImport(Darwin)
      // There the table of calls names them whether they are used or not.
      return false
    #else
      return call(vfs, "pwrite64") != nil || call(vfs, "pwrite") != nil
    #endif
  }()

  /// A buffer to fill, for ``add(_:_:)``.
  func newBuffer() -> UnsafeMutableRawPointer { queue.newBuffer() }

  /// Gives the thread one more, with a buffer that is the thread's from now on, as soon as there is room.
  ///
  /// - Returns: the first failure so far, after which nothing more is written.
  func add(_ buffer: UnsafeMutableRawPointer, _ work: @escaping Work) -> Int32 {
    let (waiting, code) = queue.add(buffer, work)
    guard thread == nil, waiting >= LateWrites.batch else { return code }
    if mayStart {
      mayStart = false
      thread = try? WorkerThread { [queue] in queue.run() }
    }
    return thread == nil ? finish() : code
  }

  /// Notes that the giver has failed to write, so that nothing more is written.
  ///
  /// - Returns: the first failure so far.
  func fail(_ code: Int32) -> Int32 { queue.fail(code) }

  /// Waits until everything that was given is done.
  ///
  /// - Returns: the first failure so far.
  func finish() -> Int32 {
    if thread == nil { queue.runWaiting() }
    return queue.finish()
  }
}

/// What is given and not done. Everything that changes is read and written under `mutex` alone.
private final class WorkQueue: @unchecked Sendable {
  private typealias Item = (buffer: UnsafeMutableRawPointer, work: LateWrites.Work)

  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var waiting: [Item] = []
  private var freeBuffers: [UnsafeMutableRawPointer] = []
  private var given = 0
  private var done = 0
  /// What waits is to be done without more of it.
  private var isHurried = false
  private var isStopped = false
  private var failure = SQLITE_OK

  init() {
    mutex = .allocate(capacity: 1)
    mutex.initialize(to: pthread_mutex_t())
    pthread_mutex_init(mutex, nil)
    changed = .allocate(capacity: 1)
    changed.initialize(to: pthread_cond_t())
    pthread_cond_init(changed, nil)
  }

  deinit {
    for buffer in freeBuffers { buffer.deallocate() }
    pthread_cond_destroy(changed)
    changed.deallocate()
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  private func locked<Result>(_ body: () -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body()
  }

  // MARK: Who gives

  func newBuffer() -> UnsafeMutableRawPointer {
    locked { freeBuffers.popLast() } ?? .allocate(byteCount: LateWrites.bufferSize, alignment: 4096)
  }

  /// - Returns: how many are not begun, and the first failure so far.
  func add(_ buffer: UnsafeMutableRawPointer, _ work: @escaping LateWrites.Work) -> (waiting: Int, failure: Int32) {
    locked {
      while given - done >= LateWrites.limit { pthread_cond_wait(changed, mutex) }
      waiting.append((buffer, work))
      given += 1
      if waiting.count == LateWrites.batch { pthread_cond_broadcast(changed) }
      return (waiting.count, failure)
    }
  }

  func finish() -> Int32 {
    locked {
      isHurried = true
      if !waiting.isEmpty { pthread_cond_broadcast(changed) }
      while done < given { pthread_cond_wait(changed, mutex) }
      isHurried = false
      return failure
    }
  }

  func fail(_ code: Int32) -> Int32 {
    locked {
      if failure == SQLITE_OK { failure = code }
      return failure
    }
  }

  func stop() {
    locked {
      isStopped = true
      pthread_cond_broadcast(changed)
    }
  }

  // MARK: Who writes

  private func takeWaiting() -> [Item] {
    locked {
      defer { waiting.removeAll(keepingCapacity: true) }
      return waiting
    }
  }

  private func waitForSome() -> [Item] {
    locked {
      while waiting.count < LateWrites.batch, !isStopped, !isHurried || waiting.isEmpty {
        pthread_cond_wait(changed, mutex)
      }
      defer { waiting.removeAll(keepingCapacity: true) }
      return waiting
    }
  }

  /// Does what is given, until it is told to stop and all of it is done.
  func run() {
    while true {
      let items = waitForSome()
      if items.isEmpty { return }
      run(items)
    }
  }

  /// Does what is given so far.
  func runWaiting() { run(takeWaiting()) }

  private func run(_ items: [Item]) {
    for (buffer, work) in items {
      // A write that follows one that failed could leave a gap before it.
      let code = locked { failure } == SQLITE_OK ? work(buffer) : SQLITE_OK
      locked {
        freeBuffers.append(buffer)
        done += 1
        if failure == SQLITE_OK { failure = code }
        pthread_cond_broadcast(changed)
      }
    }
  }
}
