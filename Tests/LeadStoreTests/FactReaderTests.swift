import LeadStore
import Testing

@Suite("Reading facts")
struct FactReaderTests {
  @Test("merged leads are left out, whenever they were merged")
  func merged() throws {
    let folder = try TestFolder()
    let database = try LeadDatabase.make(in: folder)
    for lead in Int64(1)...4 { try database.addLead(lead, "lead\(lead)", attributes: #"{"n":\#(lead)}"#) }
    let reader = try FactReader(database)
    func leads(_ range: ClosedRange<Int64>) throws -> [Int64] {
      defer { reader.finish() }
      var leads: [Int64] = []
      try reader.begin(leads: range)
      while let lead = try reader.nextLead() {
        #expect(reader.withAttributes { String(decoding: $0, as: UTF8.self) } == #"{"n":\#(lead)}"#)
        leads.append(lead)
      }
      return leads
    }
    #expect(try leads(1...9) == [1, 2, 3, 4])
    #expect(try leads(2...3) == [2, 3])
    // One that stands for itself and another one.
    for lead in Int64(2)...3 {
      try database.connection.run("INSERT INTO lead_member VALUES (?1, 3, 0, 0, '{}')", lead)
    }
    #expect(try leads(1...9) == [1, 3, 4])
    try database.connection.run("DELETE FROM lead_member WHERE root_id = ?1", 3)
    #expect(try leads(1...9) == [1, 2, 3, 4])
  }
}
