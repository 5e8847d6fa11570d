#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// A thread that runs one piece of work.
public final class WorkerThread {
  /// What crosses to the thread: the creator lets go of it until the thread was joined.
  private final class Work: @unchecked Sendable {
    let run: () -> Void

    init(_ run: @escaping () -> Void) {
      self.run = run
    }
  }

  #if canImport(Darwin)
    private var thread: pthread_t?
  #else
    private var thread = pthread_t()
  #endif
  private var isRunning = false

  /// Starts the thread. The work must share nothing with others but what is made for that.
  ///
  /// - Throws: ``ThreadFailure`` where the system has no thread to give.
  public init(_ run: @escaping () -> Void) throws {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    // Conditions and JSON may nest deeply.
    pthread_attr_setstacksize(&attributes, 8 << 20)
    let work = Unmanaged.passRetained(Work(run))
    let code = pthread_create(&thread, &attributes, { WorkerThread.run($0) }, work.toOpaque())
    guard code == 0 else {
      work.release()
      throw ThreadFailure(code: code)
    }
    isRunning = true
  }

  private static func run(_ raw: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let raw { Unmanaged<Work>.fromOpaque(raw).takeRetainedValue().run() }
    return nil
  }

  /// Waits for the work's end.
  public func join() {
    guard isRunning else { return }
    isRunning = false
    #if canImport(Darwin)
      if let thread { pthread_join(thread, nil) }
    #else
      pthread_join(thread, nil)
    #endif
  }

  /// How many threads can work at once. Asked once, since the system reads a file for it.
  public static let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}

/// The system gave no thread.
public struct ThreadFailure: Error {
  /// `errno`.
  public let code: Int32
}
