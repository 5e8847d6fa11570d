/// Events of which all that they take is known from events before them, as nearly all are.
extension EventMatcher {
  /// Adds an event as ``add(at:type:properties:literals:source:)`` does, where all that it takes is known from events
  /// before it; false where it is not, and nothing is added.
  public func addKnown(at instant: Int64, type: Int, properties numbers: UnsafeBufferPointer<Int32>) -> Bool {
    var numbers = numbers.makeIterator()
    return addKnown(at: instant, type: type) { numbers.next().map(Int.init) }
  }

  /// Adds an event as ``addKnown(at:type:properties:)`` does, from the digits of its numbers: the type's and those of its
  /// properties, each behind a comma. False too where anything else stands there and may matter.
  public func addKnown(at instant: Int64, numbers text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard var place = text.baseAddress else { return false }
    let end = place + text.count
    let type = EventMatcher.readNumber(&place, end)
    return addKnown(at: instant, type: type) { place < end ? EventMatcher.readNumber(&place, end) : nil }
  }

  /// - Parameter next: the number of the next property; nil at the end, one that no property has where it cannot be read.
  @inline(__always)
  private func addKnown(at instant: Int64, type: Int, _ next: () -> Int?) -> Bool {
    guard UInt(bitPattern: type) < UInt(bitPattern: typeCount) else { return false }
    switch typeStates[type] {
    case .unasked: return true
    case .unknown, .askedWithDates: return false
    case .asked: break
    }
    let list = wordCount == 1 ? knownListOfWord(type, next) : knownList(type, next)
    if list < 0 { return false }
    append(instant, toList: Int(list))
    return true
  }

  /// Reads a comma and a number of few digits; -1 where there is something else.
  @inline(__always)
  private static func readNumber(_ place: inout UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>) -> Int {
    guard place < end, place.pointee == 0x2C else { return -1 }
    place += 1
    let start = place
    var number = 0
    while place < end, place.pointee &- 0x30 < 10 {
      number = number &* 10 &+ Int(place.pointee &- 0x30)
      place += 1
    }
    return place > start && place - start <= 10 ? number : -1
  }

  /// Adds events as ``addKnown(at:type:properties:)`` does, up to the first one that is not known.
  ///
  /// - Parameters:
  ///   - count: how many there are.
  ///   - instants: when they occurred.
  ///   - parts: for each the number of its type, how many properties it has, and their numbers.
  /// - Returns: how many were added, and how many parts these have.
  public func addKnown(
    _ count: Int, instants: UnsafePointer<Int64>, parts: UnsafePointer<Int32>
  ) -> (events: Int, parts: Int) {
    var part = parts
    var event = 0
    if wordCount == 1 {
      let (states, typeCount, masks) = (typeStates, UInt(bitPattern: self.typeCount), typeMasks)
      let (entries, known, none) = (properties, UInt(bitPattern: propertyCount), absent[0])
      let (memo, lists, runs) = (memo, lists, runs.memory)
      while event < count {
        let type = Int(part[0])
        let next = part + (2 &+ Int(part[1]))
        guard UInt(bitPattern: type) < typeCount else { break }
        let state = states[type]
        if state == .asked {
          var word = none
          let mask = masks[type]
          // Where nothing is asked of the properties, they are not looked at.
          if mask != 0 {
            var number = part + 2
            while number < next {
              let property = UInt(bitPattern: Int(number.pointee))
              // What is not known is all ones, which no property's mask is.
              let place = property < known ? Int(bitPattern: property) &* 2 : -1
              if place < 0 || entries[place] == EventMatcher.unseen { return (event, part - parts) }
              word = word & ~entries[place] | entries[place &+ 1]
              number += 1
            }
          }
          let list = memo.answer(Int32(truncatingIfNeeded: type), word: word & mask)
          guard list >= 0 else { break }
          for slot in lists[Int(list)] { runs.append(instants[event], to: Int(slot)) }
        } else if state != .unasked {
          break
        }
        part = next
        event &+= 1
      }
      return (event, part - parts)
    }
    while event < count {
      let properties = UnsafeBufferPointer(start: part + 2, count: Int(part[1]))
      guard addKnown(at: instants[event], type: Int(part[0]), properties: properties) else { break }
      part += 2 &+ properties.count
      event &+= 1
    }
    return (event, part - parts)
  }

  /// Where the list of the slots for an event begins; -1 where that is not known yet.
  @inline(__always)
  private func knownList(_ type: Int, _ next: () -> Int?) -> Int32 {
    for word in 0..<wordCount { truth[word] = absent[word] }
    while let property = next() {
      guard UInt(bitPattern: property) < UInt(bitPattern: propertyCount) else { return -1 }
      let entry = properties + property &* 2 &* wordCount
      if entry[0] == EventMatcher.unseen { return -1 }
      for word in 0..<wordCount { truth[word] = truth[word] & ~entry[word] | entry[wordCount &+ word] }
    }
    for word in 0..<wordCount { truth[word] &= typeMasks[type &* wordCount &+ word] }
    return memo.answer(Int32(truncatingIfNeeded: type), truth)
  }

  /// The same for masks of one word, which hold what most rules ask.
  @inline(__always)
  private func knownListOfWord(_ type: Int, _ next: () -> Int?) -> Int32 {
    var word = absent[0]
    let mask = typeMasks[type]
    // Where nothing is asked of the properties, they are not looked at.
    if mask != 0 {
      let known = UInt(bitPattern: propertyCount)
      while let property = next() {
        guard UInt(bitPattern: property) < known else { return -1 }
        let entry = properties + property &* 2
        if entry[0] == EventMatcher.unseen { return -1 }
        word = word & ~entry[0] | entry[1]
      }
    }
    return memo.answer(Int32(truncatingIfNeeded: type), word: word & mask)
  }
}
