/// Reads instants as ``Instant/init(utf8:)`` does, faster where they are written `2026-11-21T09:00:00Z` and many are of
/// the same months. Not for use by two threads at once.
public final class InstantReader {
  private struct Month {
    /// The text `2026-11-`; 0 for a free place.
    var text: UInt64
    /// Its first instant, in milliseconds.
    var start: Int64
    var days: Int64
  }

  private static let places = 128
  private let months: UnsafeMutablePointer<Month>

  /// A reader that knows no month yet.
  public init() {
    months = .allocate(capacity: InstantReader.places)
    months.initialize(repeating: Month(text: 0, start: 0, days: 0), count: InstantReader.places)
  }

  deinit { months.deallocate() }

  /// The instant that a text stands for; nil where it is none.
  public func read(_ bytes: UnsafeBufferPointer<UInt8>) -> Instant? {
    guard bytes.count == 20 else { return Instant(utf8: bytes) }
    let raw = UnsafeRawBufferPointer(bytes)
    let text = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    // "21T09:00" and "9:00:00Z", with what is always there taken away: digits are left from 0 to 9, all else is 0.
    let day =
      UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)) ^ 0x3030_3A30_3054_3030
    let time =
      UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 12, as: UInt64.self)) ^ 0x5A30_303A_3030_3A30
    let others =
      (day | (day &+ 0x7676_7F76_767F_7676)) | (time | (time &+ 0x7F76_767F_7676_7F76))
    guard others & 0x8080_8080_8080_8080 == 0 else { return Instant(utf8: bytes) }
    let hours = InstantReader.number(day &>> 24)
    let minutes = InstantReader.number(day &>> 48)
    let seconds = InstantReader.number(time &>> 40)
    let dayOfMonth = InstantReader.number(day)
    let place = months + InstantReader.place(text)
    if place.pointee.text != text { learn(text, bytes, place) }
    guard place.pointee.text == text, dayOfMonth >= 1, dayOfMonth <= place.pointee.days, hours < 24, minutes < 60,
      seconds < 60
    else { return Instant(utf8: bytes) }
    return Instant(
      milliseconds: place.pointee.start &+ (dayOfMonth &- 1) &* 86_400_000
        &+ ((hours &* 60 &+ minutes) &* 60 &+ seconds) &* 1000)
  }

  /// Of two digits in the lowest bytes.
  @inline(__always)
  private static func number(_ digits: UInt64) -> Int64 {
    Int64(truncatingIfNeeded: (digits & 15) &* 10 &+ (digits &>> 8 & 15))
  }

  /// By the year's last digit and the month.
  @inline(__always)
  private static func place(_ text: UInt64) -> Int {
    let month = (text &>> 40 & 15) &* 10 &+ (text &>> 48 & 15)
    return Int(truncatingIfNeeded: ((text &>> 24 & 15) &* 12 &+ month) & UInt64(places - 1))
  }

  @inline(never)
  private func learn(_ text: UInt64, _ bytes: UnsafeBufferPointer<UInt8>, _ place: UnsafeMutablePointer<Month>) {
    func instant(_ day: String) -> Int64? {
      Instant(String(decoding: bytes.prefix(8), as: UTF8.self) + day)?.milliseconds
    }
    guard let start = instant("01"), let days = (28...31).last(where: { instant(String($0)) != nil }) else { return }
    place.pointee = Month(text: text, start: start, days: Int64(days))
  }
}
