/// Instants by slot, gathered for one lead after the other: memory is kept, so a pass over many leads allocates nothing.
final class InstantRuns {
  fileprivate struct Run {
    var base: UnsafeMutablePointer<Int64>
    var count: Int
    var capacity: Int
  }

  /// The runs in place, for loops that add many instants; valid while the object lives.
  struct Memory {
    fileprivate let runs: UnsafeMutablePointer<Run>

    @inline(__always)
    func append(_ instant: Int64, to slot: Int) {
      let run = runs + slot
      if run.pointee.count == run.pointee.capacity { grow(slot) }
      run.pointee.base[run.pointee.count] = instant
      run.pointee.count &+= 1
    }

    @inline(never)
    private func grow(_ slot: Int) {
      let old = runs[slot]
      let base = UnsafeMutablePointer<Int64>.allocate(capacity: old.capacity * 2)
      base.update(from: old.base, count: old.count)
      old.base.deallocate()
      runs[slot] = Run(base: base, count: old.count, capacity: old.capacity * 2)
    }
  }

  let memory: Memory
  private let slotCount: Int

  init(slotCount: Int) {
    self.slotCount = slotCount
    let runs = UnsafeMutablePointer<Run>.allocate(capacity: max(1, slotCount))
    for slot in 0..<slotCount {
      (runs + slot).initialize(to: Run(base: .allocate(capacity: 16), count: 0, capacity: 16))
    }
    memory = Memory(runs: runs)
  }

  deinit {
    for slot in 0..<slotCount { memory.runs[slot].base.deallocate() }
    memory.runs.deallocate()
  }

  @inline(__always)
  func append(_ instant: Int64, to slot: Int) { memory.append(instant, to: slot) }

  @inline(__always)
  func removeAll() {
    for slot in 0..<slotCount { memory.runs[slot].count = 0 }
  }

  /// The instants of a slot, valid until the next change.
  @inline(__always)
  subscript(slot: Int) -> UnsafeBufferPointer<Int64> {
    UnsafeBufferPointer(start: memory.runs[slot].base, count: memory.runs[slot].count)
  }
}
