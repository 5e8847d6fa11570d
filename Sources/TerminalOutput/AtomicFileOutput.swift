#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A file that appears under its name whole or not at all.
///
/// The bytes go to a temporary file in the same folder, which takes the name on `commit()`; without one it is removed
/// when the object goes away. A symbolic link is followed, an existing file's permissions are kept, and what is no
/// regular file (`/dev/null`, a named pipe) is written in place.
public final class AtomicFileOutput: OutputSink {
  /// The path as it was given.
  public let path: String

  private enum State {
    case open
    case finished
  }

  private let target: String
  /// Nil when the target is written in place.
  private let temporary: String?
  private let descriptor: Int32
  private let output: BufferedOutput
  private var state = State.open

  /// Creates the temporary file.
  ///
  /// - Throws: `OutputError` when the folder is missing or not writable, or the path is a folder or a file that may not
  ///   be written.
  public init(path: String) throws {
    func failure(_ code: Int32) -> OutputError {
      OutputError(action: OutputError.create, target: path, code: code)
    }
    self.path = path
    target = AtomicFileOutput.resolved(path)

    var information = stat()
    let exists = stat(target, &information) == 0
    if !exists, errno != ENOENT { throw failure(errno) }
    if AtomicFileOutput.split(target).name.isEmpty { throw failure(ENOENT) }
    let kind = information.st_mode & S_IFMT
    if exists {
      if kind == S_IFDIR { throw failure(EISDIR) }
      // A rename would replace a read-only file without asking.
      if access(target, W_OK) != 0 { throw failure(errno) }
    }
    if exists && kind != S_IFREG {
      temporary = nil
      descriptor = open(target, O_WRONLY | O_CLOEXEC)
      if descriptor < 0 { throw failure(errno) }
    } else {
      let (folder, name) = AtomicFileOutput.split(target)
      var created: (path: String, descriptor: Int32)?
      repeat {
        let tag = String(UInt32.random(in: .min ... .max), radix: 36)
        // A long name is shortened: with the tag it may not exceed what the file system allows.
        let candidate = "\(folder).\(String(decoding: name.utf8.prefix(200), as: UTF8.self)).\(tag).tmp"
        let opened = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        if opened >= 0 {
          created = (candidate, opened)
        } else if errno != EEXIST {
          throw failure(errno)
        }
      } while created == nil
      guard let created else { throw failure(EEXIST) }
      temporary = created.path
      descriptor = created.descriptor
      if exists { fchmod(descriptor, information.st_mode & 0o7777) }
    }
    output = BufferedOutput(fileDescriptor: descriptor, name: path)
  }

  deinit {
    abort()
  }

  /// Appends the text as UTF-8.
  ///
  /// - Throws: `OutputError`, the same again on every call after the first; `OutputClosed` when the path is a pipe.
  public func write(_ text: String) throws {
    try requireOpen()
    try output.write(text)
  }

  /// Appends the bytes.
  ///
  /// - Throws: `OutputError`, the same again on every call after the first; `OutputClosed` when the path is a pipe.
  public func write(bytes: UnsafeRawBufferPointer) throws {
    try requireOpen()
    try output.write(bytes: bytes)
  }

  /// Whether what is written is seen at once, since the path is no regular file.
  public var isWrittenInPlace: Bool { temporary == nil }

  /// Brings the bytes so far to the disk, still without the file's name.
  ///
  /// - Throws: `OutputError`; `OutputClosed` when the path is a pipe.
  public func synchronize() throws {
    try requireOpen()
    try output.flush()
    if temporary != nil, fsync(descriptor) != 0 { throw OutputError(action: "write", target: path, code: errno) }
  }

  /// Brings the bytes to the disk and gives the file its name. Nothing may be written afterwards; a second call does
  /// nothing.
  ///
  /// - Throws: `OutputError`; then the temporary file is gone and an earlier file under the name is as it was.
  public func commit() throws {
    guard case .open = state else { return }
    do {
      try output.flush()
      if let temporary {
        if fsync(descriptor) != 0 { throw OutputError(action: "write", target: path, code: errno) }
        if rename(temporary, target) != 0 { throw OutputError(action: "replace", target: path, code: errno) }
        syncFolder()
      }
    } catch {
      abort()
      throw error
    }
    state = .finished
    close(descriptor)
  }

  /// Removes the temporary file. Does nothing after `commit()`.
  public func abort() {
    guard case .open = state else { return }
    state = .finished
    output.discard()
    close(descriptor)
    if let temporary { unlink(temporary) }
  }

  private func requireOpen() throws {
    guard case .open = state else { throw OutputError(action: "write to", target: path, code: EBADF) }
  }

  /// The new name survives a power cut only once its folder is on the disk. File systems that cannot do that say so;
  /// the file is complete either way.
  private func syncFolder() {
    let folder = AtomicFileOutput.split(target).folder
    let handle = open(folder.isEmpty ? "." : folder, O_RDONLY | O_CLOEXEC)
    guard handle >= 0 else { return }
    fsync(handle)
    close(handle)
  }

  /// The path with symbolic links followed where it exists, so that a rename does not replace the link.
  private static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// The folder with its slash, empty for the working directory, and the name.
  private static func split(_ path: String) -> (folder: String, name: String) {
    guard let slash = path.lastIndex(of: "/") else { return ("", path) }
    return (String(path[...slash]), String(path[path.index(after: slash)...]))
  }
}
