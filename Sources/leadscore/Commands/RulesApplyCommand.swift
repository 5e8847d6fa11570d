import ArgumentParser
import LeadScoring
import LeadStore
import RecordFormats
import TerminalOutput

struct RulesApplyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply", abstract: "Make a version the active one and score every lead by it.",
    discussion: """
      One transaction: all leads or none. With --plan exactly what was previewed comes out, as of the plan's instant \
      unless --as-of names a later one, or it is refused (exit status 1). Without a plan it shows what would change and asks on a terminal; elsewhere it needs --yes. With \
      --dry-run it only shows.

      Example: leadscore rules apply 2 --plan 1 --max-stage-changes 5% --yes
      """)

  @Argument(help: "The version's number.") var version: Int
  @OptionGroup var common: CommonOptions
  @OptionGroup var apply: ApplyArguments

  func run() throws {
    let session = try common.open()
    try apply.run(session, common, plan: apply.plan, "version \(version)") { asOf, options in
      try session.applyRules(version, model: common.model, asOf: asOf, options: options)
    }
  }
}

struct RulesRollbackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Make the version active again that was so before.",
    discussion: """
      The same machinery as apply: it shows and asks on a terminal, needs --yes elsewhere, and the same guards hold.

      Example: leadscore rules rollback --yes
      """)

  @OptionGroup var common: CommonOptions
  @OptionGroup var apply: ApplyArguments

  func run() throws {
    let session = try common.open()
    let previous = try session.previousVersion(model: common.model)
    try apply.run(session, common, plan: apply.plan, "version \(previous) again") { asOf, options in
      try session.rollBackRules(model: common.model, asOf: asOf, options: options)
    }
  }
}

/// What applying and rolling back take.
struct ApplyArguments: ParsableArguments {
  @OptionGroup var format: FormatOptions

  @Option(name: .long, help: ArgumentHelp("Apply exactly what this plan says, or nothing.", valueName: "id"))
  var plan: Int?

  @Flag(name: .long, help: "Do not ask.") var yes = false
  @Flag(name: .long, help: "Show what would change, and change nothing.") var dryRun = false
  @Option(name: .long, help: ArgumentHelp("Who applies it, for the record.", valueName: "who")) var by: String?

  @OptionGroup var guards: GuardArguments

  func run(
    _ session: ScoringSession, _ common: CommonOptions, plan: Int?, _ what: String,
    _ body: (Int64, ApplyOptions) throws -> ApplyReport
  ) throws {
    var options = ApplyOptions()
    options.plan = plan.map(Int64.init)
    options.person = by
    options.guards = guards.guards
    func atInstant(_ options: ApplyOptions) throws -> ApplyReport {
      try common.atInstant({ try instant(session, common, plan) }, { try body($0, options) })
    }
    if !yes, !dryRun {
      guard Terminal.isTerminal(0), Terminal.isTerminal(2) else {
        throw CommandError(
          .usage, "applying \(what) needs --yes where nobody can be asked; --dry-run shows what would change")
      }
      var trial = options
      trial.isDryRun = true
      let preview = try atInstant(trial)
      note(ApplySummary.text(preview, stages: try session.stageNames(model: common.model), applied: false))
      if preview.wasApplied, !confirm("Apply \(what)?") { throw CommandError(.no, "nothing was applied") }
    }
    options.isDryRun = dryRun
    let report = try atInstant(options)
    try stating(dryRun ? "nothing was applied" : "\(what) is applied") {
      if format.format == .table {
        note(ApplySummary.text(report, stages: try session.stageNames(model: common.model), applied: !dryRun))
      } else {
        try printRecord(ApplySummary.record(report, applied: !dryRun), format.format)
      }
    }
  }

  /// With a plan and without --as-of, the plan's own instant, or the database's where that is later: the clock alone is
  /// then no reason for a refusal.
  private func instant(_ session: ScoringSession, _ common: CommonOptions, _ plan: Int?) throws -> Int64 {
    guard let plan, common.asOf == nil else { return common.instant }
    let planned = try session.plan(Int64(plan), model: common.model).asOf
    return max(planned, try session.database.models.lastEvaluation() ?? planned)
  }

  private func confirm(_ question: String) -> Bool {
    warn("\(question) [y/N]")
    let answer = readLine()?.lowercased() ?? ""
    return answer == "y" || answer == "yes"
  }
}

/// How much a change may do. A plan keeps the guards of its preview.
struct GuardArguments: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("Refuse where more leads than this would change their stage.", valueName: "n|p%"))
  var maxStageChanges: LimitArgument?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Refuse where more leads than this would enter a stage; may be given again.", valueName: "stage=n"))
  var maxEntering: [EnteringArgument] = []

  var guards: ChangeGuards {
    var guards = ChangeGuards()
    guards.maxStageChanges = maxStageChanges?.limit
    guards.maxEntering = maxEntering.map { ($0.stage, $0.limit) }
    return guards
  }
}

/// `N` or `P%` on the command line.
struct LimitArgument: ExpressibleByArgument {
  let limit: StageChangeLimit

  init?(argument: String) {
    if argument.hasSuffix("%") {
      guard let percent = Double(argument.dropLast()), (0...100).contains(percent) else { return nil }
      limit = .percent(percent)
    } else {
      guard let count = Int64(argument), count >= 0 else { return nil }
      limit = .count(count)
    }
  }
}

/// `STAGE=N` on the command line.
struct EnteringArgument: ExpressibleByArgument {
  let stage: String
  let limit: Int64

  init?(argument: String) {
    guard let split = argument.lastIndex(of: "="), split != argument.startIndex,
      let limit = Int64(argument[argument.index(after: split)...]), limit >= 0
    else { return nil }
    stage = String(argument[..<split])
    self.limit = limit
  }
}

struct RulesApproveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Sign a version off, for a role.",
    discussion: """
      Which roles must approve is the setting required-approvals; while one is missing, apply refuses.

      Example: leadscore rules approve 2 --role sales --by kim
      """)

  @Argument(help: "The version's number.") var version: Int
  @OptionGroup var common: CommonOptions
  @Option(name: .long, help: ArgumentHelp("The role for which it is approved.", valueName: "role")) var role: String
  @Option(name: .long, help: ArgumentHelp("Who approves it.", valueName: "who")) var by: String

  func run() throws {
    let session = try common.open()
    try session.approve(version, role: role, by: by, model: common.model)
    if try session.isNeedless(role: role) {
      let required = try session.requiredApprovals().joined(separator: ", ")
      warn("warning: no approval for \(role) is required; those that are: \(required)")
    }
    let missing = try session.missingApprovals(session.version(version, model: common.model).row)
    note(
      "version \(version) is approved for \(sanitized(role)) by \(sanitized(by))"
        + (missing.isEmpty ? "" : "; not yet for \(sanitized(missing.joined(separator: ", ")))"))
  }
}

struct RulesLogCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Say who made which version active, when, and from which plan.",
    discussion: "Example: leadscore rules log")

  @OptionGroup var common: CommonOptions
  @OptionGroup var format: FormatOptions

  func run() throws {
    let session = try common.openAsItStands()
    let output = RecordOutput(
      format.format, to: BufferedOutput.standardOutput(),
      columns: [
        Table.Column("as of"), Table.Column("version", alignment: .right), Table.Column("kind"), Table.Column("by"),
        Table.Column("plan", alignment: .right), Table.Column("recorded"),
      ])
    for row in try session.database.models.activations(model: session.modelRow(common.model).id) {
      try output.print(
        [
          ("at", .instant(row.asOf)), ("version", .integer(Int64(row.version))), ("kind", .text(row.kind)),
          ("by", .text(row.person)), ("plan", .integer(row.plan)), ("recorded_at", .instant(row.recordedAt)),
        ],
        cells: [
          formatMinute(row.asOf), String(row.version), row.kind, row.person ?? "–", row.plan.map(String.init) ?? "–",
          formatMinute(row.recordedAt),
        ])
    }
    try output.finish(
      names: ["at", "version", "kind", "by", "plan", "recorded_at"], ifNone: "no version was ever applied")
  }
}
