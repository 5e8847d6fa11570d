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

/// Work on blocks of leads by several threads, each of which reads what its blocks need by itself, and a thread that
/// writes what came of them, in the order in which they were found.
struct BlockTeam<Block> {
  /// Finds the next block; nil at the end. On one worker's thread at a time.
  let find: () throws -> Block?
  /// Computes, each on a thread of its own.
  let workers: [(Block) throws -> Void]
  /// Writes what came of a block. On the caller's thread.
  let store: (Block) throws -> Void

  /// A block that was worked on, or what went wrong with it; nil where none is left.
  private struct Piece {
    let number: Int
    let result: Result<Block?, any Error>
  }

  /// Blocks are counted as they are found. Safe for several threads: the counter is used inside the gate alone.
  private final class Finder: @unchecked Sendable {
    private let gate = Gate()
    private let find: () throws -> Block?
    private var count = 0

    init(_ find: @escaping () throws -> Block?) {
      self.find = find
    }

    func next() -> (number: Int, found: Result<Block?, any Error>) {
      gate.pass {
        count += 1
        return (count, Result { try find() })
      }
    }
  }

  /// Runs to the end.
  ///
  /// - Throws: what any of the parts throws for the first block for which one does, once all workers have stopped.
  func run() throws {
    let done = Channel<Piece>()
    // A worker takes one before it looks for a block, so that few are in memory.
    let room = Channel<Void>()
    for _ in 0..<(2 * workers.count + 1) { room.put(()) }
    let finder = Finder(find)
    var threads: [WorkerThread] = []
    defer {
      room.close()
      done.close()
      for thread in threads { thread.join() }
    }
    for worker in workers {
      let work = {
        while room.take() != nil {
          let (number, found) = finder.next()
          let result = found.flatMap { block in Result { try block.map(worker) }.map { block } }
          guard done.put(Piece(number: number, result: result)), case .success(.some) = result else { return }
        }
      }
      // Where the system has fewer threads to give, those that there are do all of it.
      do {
        threads.append(try WorkerThread(work))
      } catch  where !threads.isEmpty {
        break
      }
    }
    var waiting: [Int: Result<Block?, any Error>] = [:]
    var next = 1
    while let piece = done.take() {
      waiting[piece.number] = piece.result
      while let result = waiting.removeValue(forKey: next) {
        guard let block = try result.get() else { return }
        try store(block)
        room.put(())
        next += 1
      }
    }
  }
}
