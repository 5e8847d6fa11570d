internal import LeadStore

/// Work on blocks of leads by two threads: the one that has the database reads what a block needs and writes what came of
/// it, the other finds the blocks and computes.
///
/// While one block is written the next is computed and the one after it found. Blocks come in order, and a few are in
/// memory at any time.
struct BlockPipeline<Block> {
  /// Finds the next block; nil at the end. On the worker's thread.
  let find: () throws -> Block?
  /// Reads what a block needs. On the caller's thread.
  let prepare: (Block) throws -> Void
  /// Computes. On the worker's thread.
  let compute: (Block) throws -> Void
  /// Writes what came of it. On the caller's thread.
  let store: (Block) throws -> Void

  private enum Message {
    case found(Block)
    case computed(Block)
    case failed(any Error)
  }

  /// Runs to the end.
  ///
  /// - Parameter isParallel: whether there is a worker; otherwise the caller does everything.
  /// - Throws: what any of the parts throws, once the worker has stopped.
  func run(isParallel: Bool) throws {
    guard isParallel else {
      while let block = try find() {
        try prepare(block)
        try compute(block)
        try store(block)
      }
      return
    }
    let done = Channel<Message>()
    let ready = Channel<Block>()
    let (find, compute) = (self.find, self.compute)
    let worker = try WorkerThread {
      do {
        var next = try find()
        if let next { done.put(.found(next)) }
        while next != nil {
          let following = try find()
          if let following { done.put(.found(following)) }
          guard let block = ready.take() else { break }
          try compute(block)
          done.put(.computed(block))
          next = following
        }
      } catch {
        done.put(.failed(error))
      }
      done.close()
    }
    defer {
      ready.close()
      worker.join()
    }
    while let message = done.take() {
      switch message {
      case .found(let block):
        try prepare(block)
        ready.put(block)
      case .computed(let block): try store(block)
      case .failed(let error): throw error
      }
    }
  }
}
