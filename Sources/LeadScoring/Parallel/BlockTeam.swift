internal import LeadStore

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
