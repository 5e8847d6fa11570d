import Testing

@testable import LeadStore

@Suite("Plans and approvals")
struct PlanTableTests {
  private let folder: TestFolder
  private let database: LeadDatabase
  private let model: Int64
  private let version: RuleVersionRow

  init() throws {
    folder = try TestFolder()
    database = try LeadDatabase.make(in: folder)
    (model, version) = try database.addModel()
  }

  private func plan(version row: Int64?, document: String = "rules: []\n", asOf: Int64 = 800) -> PlanRow {
    PlanRow(
      model: model, format: 1, program: "1.2.3", version: row, documentDigest: "d", document: document,
      baseVersion: version.id, asOf: asOf, recordedAt: 900, leads: 4097, digest: "ff", summary: "{}")
  }

  @Test("plans are found by number and by model, the oldest first")
  func plans() throws {
    let plans = database.plans
    #expect(try plans.plan(1) == nil)
    #expect(try plans.all(model: model) == [])
    var file = plan(version: nil, document: "rules: [] # 'ä\0'\n")
    file.id = try plans.add(file)
    var added = plan(version: version.id, asOf: -5)
    added.id = try plans.add(added)
    #expect(file.id != added.id)
    #expect(try plans.plan(file.id) == file)
    #expect(try plans.plan(added.id) == added)
    #expect(try plans.all(model: model) == [file, added])
    #expect(try plans.all(model: model + 1) == [])

    added.summary = #"{"plan":2}"#
    try plans.setSummary(added.id, added.summary)
    #expect(try plans.all(model: model) == [file, added])

    #expect(try plans.remove(file.id))
    #expect(try plans.remove(file.id) == false)
    #expect(try plans.all(model: model) == [added])
  }

  @Test("a plan refers to a model and to versions that are there")
  func references() throws {
    for change in [\PlanRow.model, \PlanRow.baseVersion] {
      var wrong = plan(version: nil)
      wrong[keyPath: change] = 77
      let error = try databaseError { _ = try database.plans.add(wrong) }
      #expect(error?.kind == .constraint)
    }
    let error = try databaseError { _ = try database.plans.add(plan(version: 77)) }
    #expect(error?.kind == .constraint)
    #expect(try databaseError { try database.plans.putBlock(plan: 77, firstLead: 1, [1]) }?.kind == .constraint)
  }

  @Test("blocks come back to the bit, in the order of leads, and go with their plan")
  func blocks() throws {
    let plans = database.plans
    var random = SeededRandom(seed: 4)
    let size = Int(PlanTable.blockSize)
    let full = (0..<(2 * size)).map { _ in random.next() }
    let short: [UInt64] = [0, .max, 1, 1 << 63, 0x0102_0304_0506_0708]
    let one = try plans.add(plan(version: nil))
    let two = try plans.add(plan(version: nil))
    try plans.putBlock(plan: one, firstLead: PlanTable.blockSize + 1, short)
    try plans.putBlock(plan: one, firstLead: 1, full)
    try plans.putBlock(plan: two, firstLead: 1, [])

    func blocks(_ plan: Int64) throws -> [(Int64, [UInt64])] {
      var found: [(Int64, [UInt64])] = []
      try plans.forEachBlock(plan: plan) { found.append(($0, $1)) }
      return found
    }
    let found = try blocks(one)
    #expect(found.map(\.0) == [1, PlanTable.blockSize + 1])
    #expect(found.first?.1 == full)
    #expect(found.last?.1 == short)
    #expect(try blocks(two).map(\.1) == [[]])
    // The same on every machine: eight bytes a number, the least first.
    let hex = try database.connection.text("SELECT hex(hashes) FROM plan_block WHERE first_lead > 1")
    #expect(hex?.hasSuffix("00000000000000800807060504030201") == true)
    #expect(try databaseError { try plans.putBlock(plan: one, firstLead: 1, short) }?.kind == .constraint)

    _ = try plans.remove(one)
    #expect(try blocks(one).isEmpty)
    #expect(try database.connection.integer("SELECT count(*) FROM plan_block") == 1)
  }

  @Test("an activation outlives the plan it came from")
  func activations() throws {
    let id = try database.plans.add(plan(version: version.id))
    try database.models.activate(
      model: model, version: version.id, asOf: 1000, recordedAt: 1001, person: nil, plan: id, kind: "rollback")
    #expect(try database.models.activations(model: model).map(\.plan) == [nil, id])
    _ = try database.plans.remove(id)
    let left = try database.models.activations(model: model)
    #expect(left.map(\.plan) == [nil, nil])
    #expect(left.map(\.kind) == ["apply", "rollback"])
    #expect(left.last?.asOf == 1000)
    #expect(try database.models.activeVersion(model: model)?.id == version.id)
  }

  @Test("approvals hold for one document of one version")
  func approvals() throws {
    let approvals = database.approvals
    #expect(try approvals.all(version: version.id, digest: version.digest) == [])
    try approvals.add(version: version.id, digest: version.digest, role: "sales", person: "Kim", recordedAt: 5)
    try approvals.add(version: version.id, digest: "another", role: "sales", person: "Eve", recordedAt: 6)
    try approvals.add(version: version.id, digest: version.digest, role: "marketing", person: "Ann", recordedAt: 4)
    let found = try approvals.all(version: version.id, digest: version.digest)
    #expect(found.map(\.role) == ["sales", "marketing"])
    #expect(found.map(\.person) == ["Kim", "Ann"])
    #expect(found.map(\.recordedAt) == [5, 4])
    #expect(try approvals.all(version: version.id + 1, digest: version.digest) == [])
    let error = try databaseError {
      try approvals.add(version: 77, digest: "d", role: "sales", person: "Kim", recordedAt: 5)
    }
    #expect(error?.kind == .constraint)
  }
}
