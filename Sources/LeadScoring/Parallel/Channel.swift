#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#endif

/// A queue between two threads.
final class Channel<Element>: @unchecked Sendable {
  // Everything below is touched under the lock alone.
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let changed: UnsafeMutablePointer<pthread_cond_t>
  private var elements: [Element] = []
  private var head = 0
  private var isClosed = false
  private let capacity: Int

  /// - Parameter capacity: how many elements may wait; who puts more waits itself.
  init(capacity: Int = Int.max) {
    self.capacity = capacity
    lock = .allocate(capacity: 1)
    changed = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    pthread_cond_init(changed, nil)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(lock)
    changed.deallocate()
    lock.deallocate()
  }

  /// Adds an element at the end; false where the channel is closed.
  @discardableResult
  func put(_ element: Element) -> Bool {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while !isClosed, elements.count - head >= capacity { pthread_cond_wait(changed, lock) }
    if isClosed { return false }
    elements.append(element)
    pthread_cond_broadcast(changed)
    return true
  }

  /// The first element, once there is one; nil where the channel is closed and empty.
  func take() -> Element? {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while head == elements.count, !isClosed { pthread_cond_wait(changed, lock) }
    return removeFirst()
  }

  /// Under the lock.
  private func removeFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    head += 1
    if head == elements.count {
      elements.removeAll(keepingCapacity: true)
      head = 0
    }
    pthread_cond_broadcast(changed)
    return element
  }

  /// The first element; nil where there is none now.
  func takeIfAny() -> Element? {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return removeFirst()
  }

  /// Nothing is put any more; what is there can still be taken.
  func close() {
    pthread_mutex_lock(lock)
    isClosed = true
    pthread_cond_broadcast(changed)
    pthread_mutex_unlock(lock)
  }
}
