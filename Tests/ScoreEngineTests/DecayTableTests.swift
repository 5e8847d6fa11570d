import Testing

@testable import ScoreEngine

@Suite("Decay")
struct DecayTableTests {
  private func table(_ points: Int64, _ percent: Int64, isLinear: Bool = false) throws -> DecayTable {
    DecayTable(
      points: points, decay: Decay(percent: percent, every: try #require(TimeSpan("1d")), isLinear: isLinear))
  }

  @Test("worked examples")
  func examples() throws {
    #expect(try table(1000, 50).worth == [1000, 500, 250, 125, 62, 31, 15, 7, 3, 1])
    #expect(try table(-1000, 50).worth == [-1000, -500, -250, -125, -62, -31, -15, -7, -3, -1])
    #expect(try table(1000, 100).worth == [1000])
    #expect(try table(1000, 30, isLinear: true).worth == [1000, 700, 400, 100])
    #expect(try table(-5, 30, isLinear: true).worth == [-5, -3, -2])
    #expect(try table(1000, 25, isLinear: true).worth == [1000, 750, 500, 250])
    #expect(try table(0, 50).worth == [])
    #expect(try table(1, 1).worth == [1])
  }

  @Test("every amount up to a point and every percentage, step by step")
  func smallWorld() throws {
    for points in Int64(-100)...100 {
      for percent in Int64(1)...100 {
        for isLinear in [false, true] {
          let table = try table(points, percent, isLinear: isLinear)
          var value = points
          for step in 0...Int64(table.worth.count) {
            let worth = Int(step) < table.worth.count ? table.worth[Int(step)] : 0
            if worth != value { Issue.record("\(points) \(percent) \(isLinear) at \(step)") }
            value = isLinear ? points * max(0, 100 - percent * (step + 1)) / 100 : value * (100 - percent) / 100
          }
          // Nothing after the end, and the next step is the next at which the worth is another one.
          #expect(table.worth.last != 0)
          for step in table.worth.indices {
            let next = table.worth[step...].firstIndex { $0 != table.worth[step] } ?? table.worth.count
            if Int(table.nextStep[step]) != next { Issue.record("\(points) \(percent) \(isLinear) after \(step)") }
          }
        }
      }
    }
  }

  @Test("the largest amounts decay without overflow")
  func largest() throws {
    for percent in [Int64(1), 50, 99, 100] {
      for sign in [Int64(1), -1] {
        let points = sign * Points.largestHundredths
        #expect(try table(points, percent).worth.first == points)
        #expect(try table(points, percent, isLinear: true).worth.first == points)
      }
    }
  }
}
