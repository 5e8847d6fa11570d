internal import CSQLite

/// Writes that a thread of its own does one after the other, in the order in which they are given to it by one thread.
///
/// The thread is started for the first ones that are worth it. Where it cannot be, the giver does them.
public final class LateWrites {
  /// Writes what stands in a buffer, and says how that went: 0, or what SQLite, or whoever gave it, is to hear of it.
  public typealias Work = (_ buffer: UnsafeMutableRawPointer) -> Int32

  /// Of a buffer, in bytes. SQLite's methods take less than 128 KiB at a time.
  public static let bufferSize = 64 << 10
  /// How many may be given and not done, so that their bytes do not pile up.
  static let limit = 16
  /// So many wake the thread: waking it costs more than a small write.
  fileprivate static let batch = 4

  private let queue = WorkQueue()
  private var thread: WorkerThread?
  private var mayStart = LateWrites.isPossible

  /// No thread yet.
  public init() {}

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
  public func newBuffer() -> UnsafeMutableRawPointer { queue.newBuffer() }

  /// Gives the thread one more, with a buffer that is the thread's from now on, as soon as there is room.
  ///
  /// - Returns: the first failure so far, after which nothing more is written.
  public func add(_ buffer: UnsafeMutableRawPointer, _ work: @escaping Work) -> Int32 {
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
  public func finish() -> Int32 {
    if thread == nil { queue.runWaiting() }
    return queue.finish()
  }
}

/// What is given and not done. Everything that changes is read and written under `monitor` alone.
private final class WorkQueue: @unchecked Sendable {
  private typealias Item = (buffer: UnsafeMutableRawPointer, work: LateWrites.Work)

  private let monitor = Monitor()
  private var waiting: [Item] = []
  private var freeBuffers: [UnsafeMutableRawPointer] = []
  private var given = 0
  private var done = 0
  /// What waits is to be done without more of it.
  private var isHurried = false
  private var isStopped = false
  private var failure = SQLITE_OK

  deinit { for buffer in freeBuffers { buffer.deallocate() } }

  // MARK: Who gives

  func newBuffer() -> UnsafeMutableRawPointer {
    monitor.locked { freeBuffers.popLast() } ?? .allocate(byteCount: LateWrites.bufferSize, alignment: 4096)
  }

  /// - Returns: how many are not begun, and the first failure so far.
  func add(_ buffer: UnsafeMutableRawPointer, _ work: @escaping LateWrites.Work) -> (waiting: Int, failure: Int32) {
    monitor.locked {
      while given - done >= LateWrites.limit { monitor.wait() }
      waiting.append((buffer, work))
      given += 1
      if waiting.count == LateWrites.batch { monitor.wake() }
      return (waiting.count, failure)
    }
  }

  func finish() -> Int32 {
    monitor.locked {
      isHurried = true
      if !waiting.isEmpty { monitor.wake() }
      while done < given { monitor.wait() }
      isHurried = false
      return failure
    }
  }

  func fail(_ code: Int32) -> Int32 {
    monitor.locked {
      if failure == SQLITE_OK { failure = code }
      return failure
    }
  }

  func stop() {
    monitor.locked {
      isStopped = true
      monitor.wake()
    }
  }

  // MARK: Who writes

  private func takeWaiting() -> [Item] {
    monitor.locked {
      defer { waiting.removeAll(keepingCapacity: true) }
      return waiting
    }
  }

  private func waitForSome() -> [Item] {
    monitor.locked {
      while waiting.count < LateWrites.batch, !isStopped, !isHurried || waiting.isEmpty {
        monitor.wait()
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
      let code = monitor.locked { failure } == SQLITE_OK ? work(buffer) : SQLITE_OK
      monitor.locked {
        freeBuffers.append(buffer)
        done += 1
        if failure == SQLITE_OK { failure = code }
        monitor.wake()
      }
    }
  }
}
