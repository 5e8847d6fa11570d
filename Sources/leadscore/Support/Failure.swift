import ArgumentParser
import LeadScoring
import LeadStore
import RecordFormats
import RuleFile
import ScoreEngine
import TerminalOutput

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Exit statuses, as in sysexits(3).
enum ExitStatus: Int32 {
  case done = 0
  /// It ran and the answer is no.
  case no = 1
  case usage = 64
  case badData = 65
  case noInput = 66
  case tooNew = 69
  case cannotCreate = 73
  case inputOutput = 74
  case busy = 75
}

/// An error of the command line's own: a message and a status.
struct CommandError: Error {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }
}

/// The end of the program: one line that says what was being done and what to do next, and the exit status.
struct Failure {
  private let error: any Error

  init(_ error: any Error) {
    self.error = error
  }

  func exit() -> Never {
    if error is OutputClosed { Self.end(.done) }
    if let failure = error as? CommandError {
      if !failure.message.isEmpty { Self.say(failure.message) }
      Self.end(failure.status)
    }
    if let failure = described {
      Self.say(failure.1)
      Self.end(failure.0)
    }
    // What is left are help, version and mistakes in the arguments, which the argument parser words.
    let code = Leadscore.exitCode(for: error)
    if code == .success {
      print(Leadscore.fullMessage(for: error))
      Self.end(.done)
    }
    let message = Leadscore.message(for: error).split(separator: "\n").joined(separator: " ")
    Self.say(ArgumentHints.complete(message) + " (see leadscore --help)")
    Self.end(.usage)
  }

  private static func end(_ status: ExitStatus) -> Never {
    #if canImport(Glibc)
      Glibc.exit(status.rawValue)
    #else
      Darwin.exit(status.rawValue)
    #endif
  }

  private static func say(_ message: String) {
    warn("error: " + message)
  }

  private var described: (ExitStatus, String)? {
    switch error {
    case let error as ScoringError: Self.describe(error)
    case let error as MergeRefusal: error.failure
    case let error as StoreError: Self.describe(error)
    case let error as DatabaseError: Self.describe(error)
    case let error as SourceError: Self.describe(error)
    case let error as OutputError: (error.isCreation ? .cannotCreate : .inputOutput, error.description)
    default:
      Self.temporaryFileReason(error).map { (.inputOutput, $0) }
    }
  }

  private static func temporaryFileReason(_ error: any Error) -> String? {
    (error as? TemporaryFileFailure).map {
      "cannot use a temporary file in \($0.folder): \($0.reason); make room there and run it again, nothing was changed"
    }
  }

  private static func describe(_ error: ScoringError) -> (ExitStatus, String) {
    switch error {
    case .backInTime(let asked, let last):
      (
        .no,
        "--as-of \(Instant(milliseconds: asked)) is before the last evaluation, \(Instant(milliseconds: last)); "
          + "a database never goes back in time; use that instant or a later one (`leads list --at` and "
          + "`history` look back)"
      )
    case .unknownModel(let name, let known):
      (.noInput, "no model '\(name)'; there is \(known.joined(separator: ", ")); add one by `leadscore models add`")
    case .modelExists(let name): (.cannotCreate, "there is a model '\(name)' already")
    case .badModelName(let name):
      (.usage, "'\(name)' cannot name a model; use lower-case letters, digits, - and _, up to 64 of them")
    case .noActiveVersion(let name):
      (.badData, "model '\(name)' has no active rules; add some by `leadscore rules add`, then `leadscore rules apply`")
    case .unknownVersion(let number, let model, let greatest):
      (
        .noInput,
        greatest == 0
          ? "model '\(model)' has no version \(number), and no other; add one by `leadscore rules add FILE`"
          : "model '\(model)' has no version \(number); the versions are 1 to \(greatest), see `leadscore rules list`"
      )
    case .unknownLead(let key, let similar):
      (
        .noInput,
        "no lead '\(key)'" + (similar.isEmpty ? "" : "; did you mean \(similar.joined(separator: " or "))?")
          + "; `leadscore leads list` shows them"
      )
    case .badRules(let file, let diagnostics):
      (
        .badData,
        "\(file) has \(plural(Int64(diagnostics.filter { $0.severity == .error }.count), "error")); nothing was changed"
      )
    case .badMapping(let file, let diagnostics):
      (
        .badData,
        "\(file) has \(plural(Int64(diagnostics.filter { $0.severity == .error }.count), "error")); nothing was imported"
      )
    case .wrongMapping(let kind, let expected):
      (
        .usage,
        "the mapping given by --map is for \(kind.rawValue), and this imports \(expected.rawValue); "
          + "use `leadscore import \(kind.rawValue)`"
      )
    case .badInput(let file, let line, let reason):
      (
        line == nil && reason.contains("--input") ? .usage : .badData,
        "\(file)\(line.map { ":\($0)" } ?? ""): \(reason); nothing was imported"
      )
    case .rowsRejected(let file, let count, let first):
      (
        .no,
        "\(file): \(plural(count, "row")) rejected, the first on line \(first.line) (\(first.reason)); "
          + "under --strict nothing was imported"
      )
    case .noHandoffStage(let model):
      (.badData, "no stage of model '\(model)' has `handoff: true`; name the stages to export by --stage")
    case .unknownStage(let stage, let known):
      (.usage, "no stage '\(stage)'; the active rules have \(known.joined(separator: ", "))")
    case .unknownPlan(let id): (.noInput, "no plan \(id); `leadscore plans list` shows them")
    case .planRefused(let reason): (.no, "\(reason); nothing was applied")
    case .planMoved(let id, let moves): (.no, describe(moves, plan: id))
    case .missingApproval(let version, let roles):
      (
        .no,
        "version \(version) is not yet approved for \(sanitized(roles.joined(separator: ", "))); sign it off by "
          + "`leadscore rules approve \(version) --role \(sanitized(roles.first ?? "")) --by WHO`"
      )
    case .nothingToRollBack(let model):
      (.no, "no version of model '\(model)' was active before this one; there is nothing to roll back to")
    case .unknownBatch(let number, let consumer):
      (
        .noInput,
        "\(consumer) has no batch \(number); `leadscore export --for \(consumer) --batches` lists those that it has"
      )
    case .emptyApproval: (.usage, "an approval needs a role and a person; give both by --role and --by")
    case .emptyJudgement: (.usage, "a judgement is kept with who and why; give both by --by and --reason")
    case .unknownColumn(let name, let known): (.usage, "no column '\(name)'; there is \(known.joined(separator: ", "))")
    case .badExport(let reason): (.usage, reason)
    case .unknownAdjustment(let id): (.noInput, "no adjustment \(id); `leadscore adjust list` shows them")
    case .badPeriod(let from, let until):
      (
        .usage,
        "it would end at \(Instant(milliseconds: until)), not after its beginning, \(Instant(milliseconds: from))"
      )
    case .guardFailed(let reason): (.no, reason)
    }
  }

  private static func describe(_ moves: PlanMoves, plan: Int64) -> String {
    var parts: [String] = []
    if moves.byFacts > 0 { parts.append("\(plural(moves.byFacts, "lead")) with changed facts") }
    if moves.byTime > 0 { parts.append("\(plural(moves.byTime, "lead")) with the passing of time") }
    if moves.new > 0 { parts.append(plural(moves.new, "new lead")) }
    if moves.gone > 0 { parts.append("\(plural(moves.gone, "lead")) gone") }
    let more = moves.count - Int64(moves.keys.count)
    let names =
      sanitized(moves.keys.joined(separator: ", ")) + (more > 0 && !moves.keys.isEmpty ? " and \(more) more" : "")
    return "plan \(plan) no longer holds: \(parts.joined(separator: ", ")) came out differently"
      + (names.isEmpty ? "" : " (\(names))") + "; nothing was applied, preview again"
  }

  private static func describe(_ error: StoreError) -> (ExitStatus, String) {
    switch error {
    case .missing(let path):
      (.noInput, "no database \(path); create it by `leadscore init --db \(path)`, or name another by --db")
    case .exists(let path): (.cannotCreate, "\(path) exists already; `init` never overwrites; name another by --db")
    case .isDirectory(let path): (.inputOutput, "\(path) is a folder, not a database")
    case .unreadable(let path, let reason): (.inputOutput, "cannot open \(path): \(reason)")
    case .cannotCreate(let path, let reason):
      (.cannotCreate, "cannot create \(path): \(reason); the folder must exist and be writable")
    case .notOurs(let path): (.badData, "\(path) is not a leadscore database; it was left as it is")
    case .newer(let path, let found, let known):
      (
        .tooNew,
        "\(path) has layout \(found) and this program (\(programVersion)) knows \(known); use a newer leadscore"
      )
    case .older(let path, let pending):
      (
        .badData,
        "\(path) lacks \(pending.joined(separator: ", ")); run `leadscore db migrate --db \(path)`, which backs it up first"
      )
    case .editedMigration(let path, let name):
      (.inputOutput, "\(path) was migrated by another \(name) than this program's; use the program that made it")
    case .missingMigration(let path, let number):
      (.inputOutput, "\(path) lacks migration \(number) though it had later ones; restore it from a backup")
    case .brokenReferences(let path, let table):
      (.inputOutput, "\(path) has rows in \(table) that refer to nothing; the migration was undone")
    case .leadNumber(let number):
      (
        .inputOutput,
        "a lead has the number \(number), and they go from 1 to \(LeadTable.greatestNumber); erase its row and import it"
      )
    case .noLeadNumber:
      (
        .inputOutput,
        "a lead has the number \(LeadTable.greatestNumber), after which there is none for another; erase its row and import it"
      )
    case .damaged(let what):
      (.inputOutput, "the database is damaged at \(what)" + (what.contains("`") ? "" : "; restore it from a backup"))
    }
  }

  private static func describe(_ error: DatabaseError) -> (ExitStatus, String) {
    let name = error.path ?? "the database"
    switch error.kind {
    case .busy: return (.busy, "another process is writing to \(name); nothing was changed, try again when it is done")
    case .readOnly: return (.inputOutput, "\(name) or its folder cannot be written to; nothing was changed")
    case .full: return (.inputOutput, "no room left for \(name); nothing was changed, make room and run it again")
    case .cannotOpen: return (.inputOutput, "cannot open \(name): \(error.reason ?? error.message)")
    case .notADatabase: return (.badData, "\(error.path ?? "the file") is not a database")
    case .damaged: return (.inputOutput, "\(name) is damaged: \(error.message); restore it from a backup")
    case .inputOutput:
      return (
        .inputOutput, "\(name) could not be read or written: \(error.message); nothing was changed"
      )
    case .constraint:
      return (
        .inputOutput,
        "\(name) does not take a row (\(error.message)); nothing was changed; if it is damaged, restore it from a backup"
      )
    case .other: return (.inputOutput, error.description)
    }
  }

  private static func describe(_ error: SourceError) -> (ExitStatus, String) {
    switch error {
    case .missing, .isDirectory: (.noInput, error.description)
    case .permissionDenied, .inputOutput: (.inputOutput, error.description)
    default: (.badData, error.description)
    }
  }
}

/// Writes a line for people to standard error.
func warn(_ message: String) {
  let line = "leadscore: " + sanitized(message.split(separator: "\n").joined(separator: " ")) + "\n"
  line.withCString { text in _ = write(2, text, strlen(text)) }
}

/// Writes what was found in a rule file or mapping to standard error.
func note(_ diagnostics: [Diagnostic]) {
  for diagnostic in diagnostics {
    note(diagnostic.description.split(separator: "\n").map { sanitized(String($0)) }.joined(separator: "\n"))
  }
}

/// Writes lines for people to standard error as they are.
func note(_ text: String) {
  let line = text.hasSuffix("\n") ? text : text + "\n"
  line.withCString { text in _ = write(2, text, strlen(text)) }
}
