extension SignalRecord {
  /// A hash, the same in every process, of the lead's creation and of what some slots hold, in the order in which they are
  /// named. O(numbers)
  public func fingerprint(of slots: [Int]) -> UInt64 {
    let memory = memory
    let view = memory.view
    // Two chains, so that one multiplication need not wait for the one before.
    var even = UInt64(bitPattern: view.createdAt) ^ 0xCBF2_9CE4_8422_2325
    var odd: UInt64 = 0x9AE1_6A3B_2F90_404F
    for slot in slots {
      let start = view.starts[slot]
      let end = view.starts[slot &+ 1]
      let truth: UInt64 = view.kinds[slot] == .timeline && view.initials[slot] ? 1 : 0
      even = SignalRecord.mixed(even, UInt64(end &- start) << 1 | truth)
      var index = start
      while index &+ 1 < end {
        even = SignalRecord.mixed(even, UInt64(bitPattern: view.values[index]))
        odd = SignalRecord.mixed(odd, UInt64(bitPattern: view.values[index &+ 1]))
        index &+= 2
      }
      if index < end { odd = SignalRecord.mixed(odd, UInt64(bitPattern: view.values[index])) }
    }
    return withExtendedLifetime(memory) { SignalRecord.mixed(even, odd) }
  }

  @inline(__always)
  private static func mixed(_ state: UInt64, _ value: UInt64) -> UInt64 {
    let product = (state ^ value) &* 0x9E37_79B9_7F4A_7C15
    return product ^ product >> 32
  }
}
