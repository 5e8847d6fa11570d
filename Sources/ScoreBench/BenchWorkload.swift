import ArgumentParser
import Foundation

/// How large a measured workload is.
enum BenchSize: String, CaseIterable, ExpressibleByArgument {
  case tiny
  case small
  case medium
  case large

  /// How many leads; there are about twenty events for each.
  var leads: Int {
    switch self {
    case .tiny: 2_000
    case .small: 100_000
    case .medium: 1_000_000
    case .large: 5_000_000
    }
  }
}

/// The workload that is measured: leads, and two years of their events in order of time over all leads. Events by lead
/// have a heavy tail: half of the leads have about seven, some have thousands.
struct BenchWorkload {
  let leads: Int
  let seed: UInt64

  /// The two years end here: 2026-11-01T00:00:00Z, in milliseconds.
  static let end: Int64 = 1_793_491_200_000
  private static let span: Int64 = 730 * 86_400_000

  private static let types: [(element: String, weight: Int)] = [
    ("page_view", 600), ("email_open", 140), ("email_click", 60), ("form_submit", 40), ("webinar_registered", 20),
    ("webinar_attended", 12), ("trial_start", 6), ("download", 60), ("unsubscribe", 2), ("chat", 60),
  ]
  private static let titles = [
    "CEO", "CTO", "VP Sales", "VP Marketing", "Director of IT", "Head of Operations", "Marketing Manager",
    "Sales Manager", "Software Engineer", "Data Analyst", "Student", "Consultant",
  ]
  private static let countries = ["Germany", "France", "Spain", "Italy", "Poland", "United States", "India", "Brazil"]
  private static let industries = ["software", "finance", "retail", "health", "education", "manufacturing"]
  private static let sources = ["web", "referral", "event", "ads", "partner"]

  /// Writes leads.csv and events.csv; returns how many events there are.
  func write(to folder: URL) throws -> Int {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try writeLeads(folder.appendingPathComponent("leads.csv"))
    return try writeEvents(folder.appendingPathComponent("events.csv"))
  }

  /// The key of a lead, counted from 0.
  static func key(_ lead: Int) -> String { "lead\(lead)@company\(lead % 50_021).example" }

  private func writeLeads(_ url: URL) throws {
    var out = try BlockWriter(url)
    out.write("email,created_at,title,country,industry,employees,source,unsubscribed\n")
    for lead in 0..<leads {
      var random = RandomSource(seed: seed, stream: UInt64(lead) << 1)
      let created = BenchWorkload.end - Int64(random.below(730)) * 86_400_000
      let employees = random.heavyTail(scale: 20, doubling: 500, cap: 20_000)
      out.write(
        "\(BenchWorkload.key(lead)),\(BenchTime.day(created)),\(random.pick(BenchWorkload.titles)),"
          + "\(random.pick(BenchWorkload.countries)),\(random.pick(BenchWorkload.industries)),\(employees),"
          + "\(random.pick(BenchWorkload.sources)),\(random.chance(30) ? "true" : "")\n")
    }
    try out.finish()
  }

  private func writeEvents(_ url: URL) throws -> Int {
    var owners: [Int32] = []
    owners.reserveCapacity(leads * 21)
    for lead in 0..<leads {
      var random = RandomSource(seed: seed, stream: UInt64(lead) << 1 | 1)
      let count = random.heavyTail(scale: 9, doubling: 410, cap: 4096)
      owners.append(contentsOf: repeatElement(Int32(lead), count: count))
    }
    var random = RandomSource(seed: seed, stream: UInt64.max)
    for index in stride(from: owners.count - 1, to: 0, by: -1) { owners.swapAt(index, random.below(index + 1)) }
    var out = try BlockWriter(url)
    out.write(BenchWorkload.eventHeader)
    for (index, lead) in owners.enumerated() {
      let at = BenchWorkload.end - BenchWorkload.span + Int64(index) * BenchWorkload.span / Int64(owners.count)
      out.write(row(of: Int(lead), at: at, from: &random))
    }
    try out.finish()
    return owners.count
  }

  /// Writes so many further events of leads drawn at random, all within the last hour before the end.
  ///
  /// - Parameter batch: batches of different numbers have different events.
  func writeBatch(_ batch: Int, of count: Int, to url: URL) throws {
    var random = RandomSource(seed: seed, stream: UInt64.max - 1 - UInt64(batch))
    var out = try BlockWriter(url)
    out.write(BenchWorkload.eventHeader)
    for index in 0..<count {
      let at = BenchWorkload.end - 3_600_000 + Int64(index) * 3_600_000 / Int64(count)
      out.write(row(of: random.below(leads), at: at, from: &random))
    }
    try out.finish()
  }

  private static let eventHeader = "email,type,occurred_at,path,duration,campaign\n"

  /// A line of an event file.
  private func row(of lead: Int, at instant: Int64, from random: inout RandomSource) -> String {
    let type = random.pick(weighted: BenchWorkload.types)
    var path = ""
    var duration = ""
    var campaign = ""
    switch type {
    case "page_view":
      let page = random.below(1000)
      path =
        page < 60
        ? "/pricing" : page < 90 ? "/careers/job-\(page)" : page < 300 ? "/docs/page-\(page)" : "/blog/post-\(page)"
      duration = String(random.below(600))
    case "email_open", "email_click", "unsubscribe": campaign = "campaign-\(random.below(200))"
    case "form_submit", "download": path = "/form-\(random.below(40))"
    default: break
    }
    return "\(BenchWorkload.key(lead)),\(type),\(BenchTime.instant(instant)),\(path),\(duration),\(campaign)\n"
  }
}

/// Instants as text, without a calendar library: this writes millions.
enum BenchTime {
  static func day(_ milliseconds: Int64) -> String {
    let (year, month, day) = civil(Int(milliseconds / 86_400_000))
    return "\(year)-\(two(month))-\(two(day))"
  }

  static func instant(_ milliseconds: Int64) -> String {
    let second = Int(milliseconds / 1000) % 86_400
    return "\(day(milliseconds))T\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))Z"
  }

  private static func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

  /// Howard Hinnant's `civil_from_days`, for days since 1970.
  private static func civil(_ days: Int) -> (Int, Int, Int) {
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthIndex + 2) / 5 + 1)
  }
}

/// Writes text to a file in large blocks.
struct BlockWriter {
  private let handle: FileHandle
  private var buffer: [UInt8] = []
  private var failure: (any Error)?

  init(_ url: URL) throws {
    guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: url.path])
    }
    handle = try FileHandle(forWritingTo: url)
    buffer.reserveCapacity(1 << 20)
  }

  mutating func write(_ text: String) {
    buffer.append(contentsOf: text.utf8)
    if buffer.count >= 1 << 20 { flush() }
  }

  private mutating func flush() {
    do {
      if failure == nil { try handle.write(contentsOf: buffer) }
    } catch {
      failure = error
    }
    buffer.removeAll(keepingCapacity: true)
  }

  /// - Throws: the first error of any write.
  mutating func finish() throws {
    flush()
    try handle.close()
    if let failure { throw failure }
  }
}

/// Writes the workload that is measured.
struct WorkloadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "workload", abstract: "Writes the leads and events that the benchmark measures.",
    discussion: "ScoreBench workload /tmp/medium --size medium")

  @Argument(help: "The folder to write to; made where there is none.") var folder: String
  @Option(help: "tiny, small, medium or large.") var size = BenchSize.small
  @Option(help: "What the randomness starts from.") var seed: UInt64 = 1

  func run() throws {
    let events = try BenchWorkload(leads: size.leads, seed: seed)
      .write(to: URL(fileURLWithPath: folder, isDirectory: true))
    print("\(folder): \(size.leads) leads, \(events) events")
  }
}
