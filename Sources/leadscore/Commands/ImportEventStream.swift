import LeadScoring
import LeadStore
import RuleFile
import TerminalOutput

extension ImportArguments {
  /// Whether what comes on standard input is to be committed as it comes.
  var isStream: Bool { files == ["-"] && !strict && !dryRun && preset == nil && StopSignal.canGoOn }

  /// Imports events as they come on standard input.
  func runEventStream() throws {
    let session = try common.open()
    let log = try RejectionLog(rejects, database: common.path, inputs: [map].compactMap(\.self), limit: nil)
    var options = StreamOptions()
    options.rows = try self.options(.events, log)
    options.asOf = common.asOf?.milliseconds
    options.isStopped = { StopSignal.isRaised }
    var report: ImportReport?
    options.onCommit = { report = $0 }
    var hasTold = false
    options.onBusy = {
      if !hasTold { warn("warning: another process is writing to the database; waiting for it") }
      hasTold = true
    }
    StopSignal.endsStandardInput()
    do {
      report = try session.importEventStream("-", options: options)
    } catch {
      try? log.finish()
      let loss = RejectionLog.loss(error, "what came last was not imported")
      guard let report, report.counts.read > 0 else { throw loss ?? error }
      note("kept of \(summary(report, .events))")
      if case ScoringError.badInput(let file, let line, let reason) = error {
        let place = line.map { "\(file):\($0)" } ?? file
        throw CommandError(.badData, "\(place): \(reason); what came before was imported")
      }
      throw loss ?? error
    }
    try stating("what came was imported") {
      try log.finish()
      if let report { try show([report], .events) }
    }
  }
}
