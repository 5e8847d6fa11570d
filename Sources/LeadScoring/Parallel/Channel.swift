internal import LeadStore

/// A queue between two threads.
final class Channel<Element>: @unchecked Sendable {
  // Everything below is touched under the monitor alone.
  private let monitor = Monitor()
  private var elements: [Element] = []
  private var head = 0
  private var isClosed = false
  private let capacity: Int

  /// - Parameter capacity: how many elements may wait; who puts more waits itself.
  init(capacity: Int = Int.max) {
    self.capacity = capacity
  }

  /// Adds an element at the end; false where the channel is closed.
  @discardableResult
  func put(_ element: Element) -> Bool {
    monitor.locked {
      while !isClosed, elements.count - head >= capacity { monitor.wait() }
      if isClosed { return false }
      elements.append(element)
      monitor.wake()
      return true
    }
  }

  /// The first element, once there is one; nil where the channel is closed and empty.
  func take() -> Element? {
    monitor.locked {
      while head == elements.count, !isClosed { monitor.wait() }
      return removeFirst()
    }
  }

  /// Under the monitor.
  private func removeFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    head += 1
    if head == elements.count {
      elements.removeAll(keepingCapacity: true)
      head = 0
    }
    monitor.wake()
    return element
  }

  /// The first element; nil where there is none now.
  func takeIfAny() -> Element? {
    monitor.locked { removeFirst() }
  }

  /// Nothing is put any more; what is there can still be taken.
  func close() {
    monitor.locked {
      isClosed = true
      monitor.wake()
    }
  }
}
