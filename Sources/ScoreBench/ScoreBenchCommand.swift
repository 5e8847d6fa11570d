import ArgumentParser

/// Workloads for the program: data to try it on, and measurements.
@main
struct ScoreBenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ScoreBench",
    abstract: "Makes seeded data to try the program on, and measures it.",
    subcommands: [SampleCommand.self, WorkloadCommand.self, EventCommand.self, RunCommand.self])
}
