/// Where the cells of one record are. The memory is used again for each record.
struct CSVCells: ~Copyable {
  private typealias Span = CSVRecord.Span

  private var spans: UnsafeMutablePointer<Span>
  private var capacity = 64
  private var scratch: UnsafeMutablePointer<UInt8>
  private var scratchCapacity = 256
  private var hasEscaped = false
  private(set) var count = 0

  init() {
    spans = .allocate(capacity: capacity)
    scratch = .allocate(capacity: scratchCapacity + InputBuffer.padding)
  }

  deinit {
    spans.deallocate()
    scratch.deallocate()
  }

  mutating func removeAll() {
    count = 0
    hasEscaped = false
  }

  /// Adds a cell; `isEscaped` says that it holds doubled quotes.
  @inline(__always)
  mutating func append(from start: Int, to end: Int, isEscaped: Bool = false) {
    if count == capacity { grow() }
    (spans + count).initialize(to: Span(start: start, length: end - start, isEscaped: isEscaped))
    count += 1
    if isEscaped { hasEscaped = true }
  }

  /// Where the cells of a record without doubled quotes can be put all at once.
  @inline(__always)
  var room: UnsafeMutableBufferPointer<CSVRecord.Span> { UnsafeMutableBufferPointer(start: spans, count: capacity) }

  /// Says that so many cells were put into ``room``, and there are no others.
  @inline(__always)
  mutating func use(_ count: Int) { self.count = count }

  /// The cells, in place.
  @inline(__always)
  func view(record: UnsafePointer<UInt8>) -> CSVRecord {
    CSVRecord(spans: spans, count: count, bytes: record, scratch: scratch)
  }

  /// Makes the doubled quotes of escaped cells single.
  @inline(__always)
  mutating func unescape(record: UnsafePointer<UInt8>, length: Int) {
    if hasEscaped { copyUnescaped(record: record, length: length) }
  }

  private mutating func copyUnescaped(record: UnsafePointer<UInt8>, length: Int) {
    if scratchCapacity < length {
      scratch.deallocate()
      scratchCapacity = max(length, scratchCapacity * 2)
      scratch = .allocate(capacity: scratchCapacity + InputBuffer.padding)
    }
    var used = 0
    for index in 0..<count where spans[index].isEscaped {
      let start = used
      var at = spans[index].start
      let end = at + spans[index].length
      while at < end {
        let byte = record[at]
        (scratch + used).initialize(to: byte)
        used += 1
        at += byte == .quote ? 2 : 1
      }
      spans[index].start = start
      spans[index].length = used - start
    }
  }

  private mutating func grow() {
    let larger = UnsafeMutablePointer<Span>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: spans, count: count)
    spans.deallocate()
    spans = larger
    capacity *= 2
  }
}
