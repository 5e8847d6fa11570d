internal import LeadStore

/// Works on one piece after the other on a thread of its own, with tools of its own.
protocol RangeWorker: AnyObject {
  associatedtype Partial: Sendable

  /// Works on the piece with a number.
  func work(on piece: Int) throws -> Partial
}

/// Pieces of work for several threads, whose results come out in the order of the pieces.
enum OrderedRanges {
  /// Works on pieces and calls `body` with the result of each, in order, on the calling thread.
  ///
  /// - Parameters:
  ///   - pieces: their numbers.
  ///   - workers: the first works on the calling thread, each other one on a thread of its own.
  /// - Throws: the first failure; no thread runs any more then.
  static func run<Worker: RangeWorker>(
    _ pieces: [Int], workers: [Worker], _ body: (Worker.Partial) throws -> Void
  ) throws {
    guard let own = workers.first else { return }
    guard workers.count > 1, pieces.count > 1 else {
      for piece in pieces { try body(own.work(on: piece)) }
      return
    }
    let queue = PieceQueue<Worker.Partial>(count: pieces.count, lead: workers.count * 4)
    // Where the system has no thread to give, those that there are do all of it.
    let threads = workers.dropFirst().compactMap { worker in try? WorkerThread { worker.serve(queue, pieces) } }
    defer {
      queue.stop()
      for thread in threads { thread.join() }
    }
    var done = 0
    while done < pieces.count {
      if let partial = try queue.takeResult(done) {
        try body(partial)
        done += 1
      } else if let piece = queue.takePiece() {
        queue.put(piece, try own.work(on: pieces[piece]))
      } else {
        queue.waitForResult(done)
      }
    }
  }
}

extension RangeWorker {
  fileprivate func serve(_ queue: PieceQueue<Partial>, _ pieces: [Int]) {
    while let piece = queue.waitForPiece() {
      do {
        queue.put(piece, try work(on: pieces[piece]))
      } catch {
        queue.fail(error)
        return
      }
    }
  }
}

/// The pieces not yet taken, and results not yet handed over. Safe for several threads: everything that changes is read
/// and written under `monitor` alone.
private final class PieceQueue<Partial: Sendable>: @unchecked Sendable {
  private let monitor = Monitor()
  private let count: Int
  /// How far work may be ahead of what was handed over, so that results do not pile up.
  private let lead: Int
  private var next = 0
  private var handedOver = 0
  private var results: [Int: Partial] = [:]
  private var failure: (any Error)?
  private var isStopped = false

  init(count: Int, lead: Int) {
    self.count = count
    self.lead = lead
  }

  private func nextPiece() -> Int? {
    guard !isStopped, failure == nil, next < count, next < handedOver + lead else { return nil }
    next += 1
    return next - 1
  }

  /// A piece to work on; nil where there is none now.
  func takePiece() -> Int? { monitor.locked { nextPiece() } }

  /// A piece to work on, waited for; nil where there will be none.
  func waitForPiece() -> Int? {
    monitor.locked {
      while true {
        if let piece = nextPiece() { return piece }
        if isStopped || failure != nil || next >= count { return nil }
        monitor.wait()
      }
    }
  }

  func put(_ piece: Int, _ partial: Partial) {
    monitor.locked {
      results[piece] = partial
      monitor.wake()
    }
  }

  func fail(_ error: any Error) {
    monitor.locked {
      if failure == nil { failure = error }
      monitor.wake()
    }
  }

  func stop() {
    monitor.locked {
      isStopped = true
      monitor.wake()
    }
  }

  /// The result of a piece; nil where it is not there yet.
  func takeResult(_ piece: Int) throws -> Partial? {
    try monitor.locked {
      if let failure { throw failure }
      guard let partial = results.removeValue(forKey: piece) else { return nil }
      handedOver = piece + 1
      monitor.wake()
      return partial
    }
  }

  /// Waits until the result of a piece is there, or a worker has failed.
  func waitForResult(_ piece: Int) {
    monitor.locked {
      while failure == nil, results[piece] == nil { monitor.wait() }
    }
  }
}
