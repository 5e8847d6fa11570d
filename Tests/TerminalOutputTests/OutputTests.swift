import Testing

@testable import TerminalOutput

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct BufferedOutputTests {
  @Test func bytesWaitForTheFlush() throws {
    try withPipe { reading, writing in
      #expect(fcntl(reading, F_SETFL, O_NONBLOCK) == 0)
      let output = BufferedOutput(fileDescriptor: writing, name: "pipe")
      try output.write("héllo ")
      try output.write([0x77, 0x00, 0x6F])
      #expect(bytes(from: reading).isEmpty)
      try output.flush()
      #expect(bytes(from: reading) == Array("héllo w\0o".utf8))
    }
  }

  @Test func nothingIsLostAroundTheCapacity() throws {
    try withFolder { folder in
      let path = folder + "/out"
      for size in [BufferedOutput.capacity - 1, BufferedOutput.capacity, BufferedOutput.capacity + 1, 300_000] {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        defer { close(descriptor) }
        let output = BufferedOutput(fileDescriptor: descriptor, name: path)
        try output.write("a")
        try output.write(String(repeating: "b", count: size))
        try output.write("c")
        try output.flush()
        #expect(try contents(of: path) == "a" + String(repeating: "b", count: size) + "c")
      }
    }
  }

  @Test func bytesLeftInTheBufferAreWrittenAtTheEnd() throws {
    try withPipe { reading, writing in
      try BufferedOutput(fileDescriptor: writing, name: "pipe").write("last")
      #expect(bytes(from: reading, atMost: 4) == Array("last".utf8))
    }
  }

  @Test func aClosedPipeIsAQuietError() throws {
    BufferedOutput.ignoreWriteSignals()
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    close(ends[0])
    defer { close(ends[1]) }
    let output = BufferedOutput(fileDescriptor: ends[1], name: "pipe")
    try output.write("unread")
    #expect(throws: OutputClosed.self) { try output.flush() }
    #expect(output.isClosed)
    #expect(throws: OutputClosed.self) { try output.write("more") }
    #expect(throws: OutputClosed.self) { try output.flush() }
  }

  @Test(.enabled(if: access("/dev/full", W_OK) == 0))
  func aFullDeviceSaysSo() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    defer { close(descriptor) }
    let output = BufferedOutput(fileDescriptor: descriptor, name: "scores.csv")
    try output.write("x")
    let expected = OutputError(action: "write to", target: "scores.csv", code: ENOSPC)
    #expect(throws: expected) { try output.flush() }
    #expect(throws: expected) { try output.write("again") }
    #expect(expected.isOutOfSpace)
    #expect(expected.description == "cannot write to scores.csv: No space left on device")
    #expect(!output.isClosed)
  }

  @Test func errorsDoNotCarryEscapes() {
    #expect(
      OutputError(action: "create", target: "a\u{1B}", code: EACCES).description
        == "cannot create a\\x1b: Permission denied")
  }
}

@Suite struct AtomicFileOutputTests {
  @Test func theFileAppearsOnCommit() throws {
    try withFolder { folder in
      let path = folder + "/report.csv"
      let file = try AtomicFileOutput(path: path)
      try file.write("key,score\n")
      #expect(names(in: folder).count == 1)
      #expect(names(in: folder) != ["report.csv"])
      try file.commit()
      try file.commit()
      #expect(names(in: folder) == ["report.csv"])
      #expect(try contents(of: path) == "key,score\n")
      #expect(throws: OutputError.self) { try file.write("late") }
    }
  }

  @Test func withoutCommitNothingStays() throws {
    try withFolder { folder in
      try place("old", at: folder + "/a")
      do {
        let file = try AtomicFileOutput(path: folder + "/a")
        try file.write("new")
        let other = try AtomicFileOutput(path: folder + "/b")
        try other.write("new")
        other.abort()
        #expect(names(in: folder).count == 2)
      }
      #expect(names(in: folder) == ["a"])
      #expect(try contents(of: folder + "/a") == "old")
    }
  }

  @Test func permissionsAndLinksSurvive() throws {
    try withFolder { folder in
      try place("old", at: folder + "/a", mode: 0o640)
      try #require(symlink("a", folder + "/link") == 0)
      let file = try AtomicFileOutput(path: folder + "/link")
      try file.write("new")
      try file.commit()
      #expect(names(in: folder) == ["a", "link"])
      #expect(try contents(of: folder + "/a") == "new")
      #expect(mode(of: folder + "/a") == 0o640)
    }
  }

  @Test func aDeviceIsWrittenInPlace() throws {
    let file = try AtomicFileOutput(path: "/dev/null")
    try file.write("gone")
    try file.commit()
    var information = stat()
    #expect(stat("/dev/null", &information) == 0)
    #expect(information.st_mode & S_IFMT == S_IFCHR)
  }

  @Test func whatCannotBeCreatedSaysWhy() throws {
    try withFolder { folder in
      #expect(throws: OutputError(action: "create", target: folder, code: EISDIR)) {
        try AtomicFileOutput(path: folder)
      }
      let missing = folder + "/no/file"
      #expect(throws: OutputError(action: "create", target: missing, code: ENOENT)) {
        try AtomicFileOutput(path: missing)
      }
      #expect(throws: OutputError(action: "create", target: "", code: ENOENT)) { try AtomicFileOutput(path: "") }
      #expect(names(in: folder).isEmpty)
    }
  }

  @Test func aLongNameLeavesRoomForTheTag() throws {
    try withFolder { folder in
      let name = String(repeating: "ü", count: 127)
      let file = try AtomicFileOutput(path: folder + "/" + name)
      try file.commit()
      #expect(names(in: folder) == [name])
    }
  }
}
