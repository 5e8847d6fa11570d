import Foundation

/// What one contender took, run by run.
struct Measurement: Codable, Sendable {
  /// The seconds that are compared, one for each run.
  var seconds: [Double] = []
  /// What the system counted, whole processes, one for each run.
  var costs: [ProcessCost] = []

  var median: Double { Measurement.median(seconds) }
  var least: Double { seconds.min() ?? 0 }
  var most: Double { seconds.max() ?? 0 }
  var peakMemory: Int { costs.map(\.peakMemory).max() ?? 0 }

  /// The middle value; of an even number, the mean of the middle two.
  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard let last = sorted.last else { return 0 }
    let middle = sorted.count / 2
    if sorted.count == 1 { return last }
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

/// One side of a comparison: what is done before each run, unmeasured, and what is measured.
struct Contender {
  let name: String
  var prepare: (_ run: Int) throws -> Void = { _ in }
  let work: (_ run: Int) -> [ChildProcess]
  /// Whether the programs print how long they took themselves, without the start of their interpreter.
  var timesItself = false

  func measure(_ run: Int, into measurement: inout Measurement) throws {
    try prepare(run)
    var cost = ProcessCost.nothing
    var own = 0.0
    for process in work(run) {
      cost = cost + (try process.run())
      if timesItself { own += try Contender.seconds(saidIn: process.output) }
    }
    measurement.seconds.append(timesItself ? own : cost.wall)
    measurement.costs.append(cost)
  }

  private struct Said: Codable {
    let seconds: Double
  }

  private static func seconds(saidIn path: String) throws -> Double {
    guard let data = FileManager.default.contents(atPath: path),
      let said = try? JSONDecoder().decode(Said.self, from: data)
    else { throw BenchProblem(description: "\(path) does not say how many seconds the peer took") }
    return said.seconds
  }
}

/// Measurements by the contenders' names.
struct Measurements {
  private(set) var byName: [String: Measurement] = [:]

  /// Runs contenders in turn, so that whatever else the machine does meets all of them.
  ///
  /// - Parameter progress: told what is about to run.
  mutating func alternate(_ contenders: [Contender], runs: Int, progress: (String) -> Void) throws {
    for run in 0..<runs {
      for contender in contenders {
        progress("\(contender.name), run \(run + 1) of \(runs)")
        try contender.measure(run, into: &byName[contender.name, default: Measurement()])
      }
    }
  }
}
