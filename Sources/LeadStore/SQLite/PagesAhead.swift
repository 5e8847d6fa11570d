internal import CSQLite

/// Brings each page of a file that is mapped into memory near to the processor as soon as SQLite asks for it, by standing
/// in for the file's own methods: https://sqlite.org/c3ref/io_methods.html
///
/// A pass over rows looks at one place of a page after the other, each of which is far from the processor then: it waits
/// for one after the other. Who looks at all places of the page at once waits about once.
final class PagesAhead {
  /// What SQLite holds to be the file's methods, and whose they are.
  private struct Table {
    var methods: sqlite3_io_methods
    let owner: Unmanaged<PagesAhead>
  }

  private typealias Fetch =
    @convention(c) (
      UnsafeMutablePointer<sqlite3_file>?, Int64, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>?
    ) -> Int32

  private let file: UnsafeMutablePointer<sqlite3_file>
  private let original: UnsafePointer<sqlite3_io_methods>
  private let fetch: Fetch
  private let table: UnsafeMutablePointer<Table>
  /// Of what was looked at, so that it is.
  private var sum: UInt8 = 0

  /// Of the processor's cache.
  private static let lineSize = 64

  /// Stands in for the methods of an open file as long as it lives; nil for a file that cannot be mapped. The file is
  /// closed later.
  init?(_ file: UnsafeMutablePointer<sqlite3_file>) {
    guard let original = file.pointee.pMethods, original.pointee.iVersion >= 3, let fetch = original.pointee.xFetch
    else { return nil }
    self.file = file
    self.original = original
    self.fetch = fetch
    table = .allocate(capacity: 1)
    table.initialize(to: Table(methods: original.pointee, owner: .passUnretained(self)))
    table.pointee.methods.xFetch = { file, offset, count, page in
      guard let methods = file?.pointee.pMethods else { return SQLITE_MISUSE }
      let table = UnsafeRawPointer(methods).assumingMemoryBound(to: Table.self)
      return table.pointee.owner.takeUnretainedValue().fetchAll(offset, count, page)
    }
    file.pointee.pMethods = UnsafeRawPointer(table).assumingMemoryBound(to: sqlite3_io_methods.self)
  }

  deinit {
    file.pointee.pMethods = original
    table.deinitialize(count: 1)
    table.deallocate()
  }

  private func fetchAll(
    _ offset: Int64, _ count: Int32, _ page: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
  ) -> Int32 {
    let code = fetch(file, offset, count, page)
    guard code == SQLITE_OK, let start = page?.pointee else { return code }
    var seen: UInt8 = 0
    var place = 0
    while place < Int(count) {
      seen &+= start.load(fromByteOffset: place, as: UInt8.self)
      place &+= PagesAhead.lineSize
    }
    sum = seen
    return code
  }
}
