/// The cells of a ``CSVReader``'s current record, in place. Valid until its `next()`.
public struct CSVRecord {
  /// Offsets in the record, or where the text had doubled quotes (`isEscaped`), in `scratch` once unescaped.
  @usableFromInline
  struct Span {
    @usableFromInline var start: Int
    @usableFromInline var length: Int
    @usableFromInline var isEscaped: Bool
  }

  @usableFromInline let spans: UnsafePointer<Span>
  /// How many cells there are.
  public let count: Int
  @usableFromInline let bytes: UnsafePointer<UInt8>
  @usableFromInline let scratch: UnsafePointer<UInt8>

  /// A cell's text as UTF-8, unquoted; empty where there is no such cell. Sixteen bytes from its beginning on can be read,
  /// whatever its length. O(1).
  @inlinable
  @inline(__always)
  public subscript(index: Int) -> UnsafeBufferPointer<UInt8> {
    guard index >= 0, index < count else { return UnsafeBufferPointer(start: bytes, count: 0) }
    let span = spans + index
    let base = span.pointee.isEscaped ? scratch : bytes
    return UnsafeBufferPointer(start: base + span.pointee.start, count: span.pointee.length)
  }
}
