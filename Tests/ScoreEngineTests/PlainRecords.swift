@testable import ScoreEngine

/// Packs records slot by slot, as all were packed before there were columns.
enum PlainRecords {
  /// A packed record.
  ///
  /// - Parameter inSeconds: whether instants and toggles are written in seconds, which they are then; where there are
  ///   dated instants they are not.
  static func packed(_ record: SignalRecord, inSeconds: Bool) -> [UInt8] {
    let kinds = record.kinds
    let isInSeconds = inSeconds && !kinds.contains(.datedInstants)
    let unit: Int64 = isInSeconds ? 1000 : 1
    var bytes: [UInt8] = isInSeconds ? [0x80, 0] : []
    VariableLength.append(record.createdAt, to: &bytes)
    func append(run: some Collection<Int64>) {
      var last: Int64?
      for value in run {
        if let last {
          VariableLength.append(unsigned: UInt64(bitPattern: value / unit - last), to: &bytes)
        } else {
          VariableLength.append(value / unit, to: &bytes)
        }
        last = value / unit
      }
    }
    for (slot, kind) in kinds.enumerated() {
      switch kind {
      case .instants:
        VariableLength.append(unsigned: UInt64(record.slot(slot).count), to: &bytes)
        append(run: record.slot(slot))
      case .timeline:
        let timeline = record.timeline(slot)
        VariableLength.append(unsigned: UInt64(timeline.toggles.count) << 1 | (timeline.initial ? 1 : 0), to: &bytes)
        append(run: timeline.toggles)
      case .datedInstants:
        let events = record.dated(slot)
        VariableLength.append(unsigned: UInt64(events.count), to: &bytes)
        var last: Int64 = 0
        for event in events {
          VariableLength.append(event.instant - last, to: &bytes)
          last = event.instant
          let toggles = event.matches.toggles
          VariableLength.append(unsigned: UInt64(toggles.count) << 1 | (event.matches.initial ? 1 : 0), to: &bytes)
          append(run: toggles)
        }
      }
    }
    return bytes
  }
}
