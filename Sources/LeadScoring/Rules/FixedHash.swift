internal import ScoreEngine

/// A 64-bit hash that is the same in every process, for plans.
struct FixedHash {
  private var state: UInt64 = 0xCBF2_9CE4_8422_2325

  @inline(__always)
  mutating func combine(_ value: UInt64) {
    state = (state ^ value) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 32
  }

  mutating func combine(_ value: Int64) { combine(UInt64(bitPattern: value)) }

  mutating func combine(_ text: String?) {
    guard let text else {
      combine(UInt64.max)
      return
    }
    combine(UInt64(text.utf8.count))
    for byte in text.utf8 { combine(UInt64(byte)) }
  }

  /// The hash; never 0, which stands for none.
  var value: UInt64 {
    var mixed = state
    mixed ^= mixed >> 33
    mixed = mixed &* 0xFF51_AFD7_ED55_8CCD
    mixed ^= mixed >> 33
    return mixed == 0 ? 1 : mixed
  }

  /// A hash of a stage or a grade.
  static func text(_ text: String?) -> UInt64 {
    var hash = FixedHash()
    hash.combine(text)
    return hash.value
  }

  /// A hash of where a lead stands; `stage` and `grade` are hashes of the texts.
  @inline(__always)
  static func result(score: Int64, stage: UInt64, grade: UInt64) -> UInt64 {
    var hash = FixedHash()
    hash.combine(UInt64(bitPattern: score))
    hash.combine(stage)
    hash.combine(grade)
    return hash.value
  }

  static func result(score: Int64, stage: String?, grade: String?) -> UInt64 {
    result(score: score, stage: text(stage), grade: text(grade))
  }

  /// What some rules see of a lead: its creation, the findings of the signals they ask for, what people said.
  static func facts(_ record: borrowing SignalRecord, slots: [Int], _ judgement: Judgement) -> UInt64 {
    var hash = FixedHash()
    hash.combine(record.fingerprint(of: slots))
    for adjustment in judgement.adjustments {
      hash.combine(adjustment.points)
      hash.combine(adjustment.from)
      hash.combine(adjustment.until ?? Int64.max)
    }
    for track in judgement.fastTracks {
      hash.combine(track.stage)
      hash.combine(track.from)
      hash.combine(track.until ?? Int64.max)
    }
    return hash.value
  }
}
