import TerminalOutput

/// Does what is left once the database has changed. Where what a command has to say cannot be written, says what was done
/// all the same: who did it again would do it twice.
///
/// - Parameter done: what was done, in words.
func stating(_ done: @autoclosure () -> String, _ body: () throws -> Void) throws {
  do {
    try body()
  } catch let error as OutputError {
    throw CommandError(error.isCreation ? .cannotCreate : .inputOutput, "\(error.description); \(done())")
  } catch let error as OutputClosed {
    note("nobody reads on; \(done())")
    throw error
  }
}
