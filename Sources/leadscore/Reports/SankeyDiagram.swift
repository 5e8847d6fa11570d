import LeadScoring
import TerminalOutput

/// The flow of leads between stages: stages before on the left, after on the right, the highest on top, so that a
/// lead that rises goes upwards.
struct SankeyDiagram {
  private struct Flow {
    let from: String?
    let to: String?
    let count: Int64
    let tone: String
    var height = 0.0
    var leftTop = 0.0
    var rightTop = 0.0
  }

  private struct Node {
    let stage: String?
    let count: Int64
    let top: Double
    let height: Double
    var middle: Double { top + height / 2 }
  }

  private struct Box {
    let x: Double
    let y: Double
    let width: Double

    func overlaps(_ other: Box) -> Bool {
      abs(x - other.x) < (width + other.width) / 2 + 4 && abs(y - other.y) < 23
    }
  }

  private static let width = 960.0
  private static let left = 216.0
  private static let right = 738.0
  private static let bar = 14.0
  private static let ribbons = 300.0
  private static let top = 34.0
  private static let gap = 14.0
  /// What a stage's two lines of text need.
  private static let slot = 38.0
  private static let thinnest = 2.5

  private let ranks: StageRanks
  private var flows: [Flow]
  private var leftNodes: [Node] = []
  private var rightNodes: [Node] = []
  private var height = 0.0
  /// How many leads that stay are as wide as one that moves.
  private var scale = 1.0

  init(_ report: PreviewReport, ranks: StageRanks) {
    self.ranks = ranks
    flows = report.stageMatrix.filter { $0.value > 0 }
      .map {
        Flow(from: $0.key.from, to: $0.key.to, count: $0.value, tone: ranks.tone(from: $0.key.from, to: $0.key.to))
      }
      .sorted { (ranks.rank($0.from), ranks.rank($0.to)) > (ranks.rank($1.from), ranks.rank($1.to)) }
    chooseHeights()
    layOut()
  }

  /// Where few leads move among many, their ribbons would be too thin to see; then those that stay shrink.
  private mutating func chooseHeights() {
    let moving = Double(flows.reduce(0) { $0 + ($1.tone == "same" ? 0 : $1.count) })
    let staying = Double(flows.reduce(0) { $0 + ($1.tone == "same" ? $1.count : 0) })
    guard moving + staying > 0 else { return }
    var perMove = SankeyDiagram.ribbons / (moving + staying)
    var perStay = perMove
    if moving > 0, moving / (moving + staying) < 0.25 {
      let share = min(SankeyDiagram.ribbons * 0.42, moving * 6)
      perMove = max(perMove, share / moving)
      perStay = min(perMove, (SankeyDiagram.ribbons - share) / staying)
    }
    scale = perMove / perStay
    for index in flows.indices {
      let unit = flows[index].tone == "same" ? perStay : perMove
      flows[index].height = max(SankeyDiagram.thinnest, Double(flows[index].count) * unit)
    }
  }

  private mutating func layOut() {
    let stages = ranks.stages.reversed()
    func side(_ stage: KeyPath<Flow, String?>) -> [(stage: String?, count: Int64, height: Double)] {
      stages.compactMap { name in
        let own = flows.filter { $0[keyPath: stage] == name }
        guard !own.isEmpty else { return nil }
        return (name, own.reduce(0) { $0 + $1.count }, own.reduce(0) { $0 + $1.height })
      }
    }
    let sides = [side(\.from), side(\.to)]
    let heights = sides.map { nodes in
      nodes.reduce(0) { $0 + max(SankeyDiagram.slot, $1.height) } + SankeyDiagram.gap * Double(max(0, nodes.count - 1))
    }
    let inner = heights.max() ?? 0
    height = SankeyDiagram.top + inner + 12
    for (index, nodes) in sides.enumerated() {
      var y = SankeyDiagram.top + (inner - heights[index]) / 2
      for node in nodes {
        let slot = max(SankeyDiagram.slot, node.height)
        let placed = Node(stage: node.stage, count: node.count, top: y + (slot - node.height) / 2, height: node.height)
        if index == 0 { leftNodes.append(placed) } else { rightNodes.append(placed) }
        y += slot + SankeyDiagram.gap
      }
    }
    // Flows are sorted by both ends, so ribbons leave and reach a stage without crossing there.
    for node in leftNodes {
      var y = node.top
      for index in flows.indices where flows[index].from == node.stage {
        flows[index].leftTop = y
        y += flows[index].height
      }
    }
    for node in rightNodes {
      var y = node.top
      for index in flows.indices where flows[index].to == node.stage {
        flows[index].rightTop = y
        y += flows[index].height
      }
    }
  }

  // MARK: Markup

  /// A line on how to read the widths; empty where all are to one scale.
  var note: String {
    guard scale >= 1.05 else { return "" }
    let ratio = scale < 10 ? PageNumber.points(Int64((scale * 10).rounded()) * 10) : formatCount(Int64(scale.rounded()))
    return "Pale bands are leads that keep their stage, drawn on a smaller scale: a lead that moves is as wide as "
      + "\(ratio) that stay."
  }

  var svg: Markup {
    guard !flows.isEmpty else { return .none }
    let moves = flows.filter { $0.tone != "same" }
    let summary =
      moves.isEmpty
      ? "No lead changes its stage."
      : moves.map { "\(StageRanks.name($0.from)) to \(StageRanks.name($0.to)): \(formatCount($0.count))" }
        .joined(separator: "; ")
    return """
      <svg class="chart sankey" viewBox="0 0 \(SankeyDiagram.width) \(height)" role="img" \
      aria-labelledby="flow-title flow-desc">
      <title id="flow-title">Flow of leads between stages</title>
      <desc id="flow-desc">\(summary)</desc>
      <text class="side" x="\(SankeyDiagram.left)" y="18" text-anchor="end">Stage now</text>
      <text class="side" x="\(SankeyDiagram.right)" y="18">Stage with the change</text>
      \((flows.filter { $0.tone == "same" } + moves).map(ribbon).joined(by: "\n"))
      \(leftNodes.map { node($0, isLeft: true) }.joined(by: "\n"))
      \(rightNodes.map { node($0, isLeft: false) }.joined(by: "\n"))
      \(labels)
      </svg>
      """
  }

  private func ribbon(_ flow: Flow) -> Markup {
    let x0 = SankeyDiagram.left + SankeyDiagram.bar
    let x1 = SankeyDiagram.right - SankeyDiagram.bar
    let middle = (x0 + x1) / 2
    let (a, b) = (flow.leftTop, flow.rightTop)
    let (c, d) = (a + flow.height, b + flow.height)
    let words =
      flow.tone == "same"
      ? "\(plural(flow.count, "lead")) stay\(flow.count == 1 ? "s" : "") in \(StageRanks.name(flow.to))"
      : "\(plural(flow.count, "lead")) from \(StageRanks.name(flow.from)) to \(StageRanks.name(flow.to))"
    return """
      <path class="flow \(flow.tone)" d="M\(x0) \(a)C\(middle) \(a) \(middle) \(b) \(x1) \(b)V\(d)\
      C\(middle) \(d) \(middle) \(c) \(x0) \(c)Z"><title>\(words)</title></path>
      """
  }

  private func node(_ node: Node, isLeft: Bool) -> Markup {
    let x = isLeft ? SankeyDiagram.left : SankeyDiagram.right - SankeyDiagram.bar
    let textX = isLeft ? SankeyDiagram.left - 10 : SankeyDiagram.right + 10
    let anchor = isLeft ? "end" : "start"
    let name = StageRanks.name(node.stage)
    var change = Markup.none
    if !isLeft {
      let earlier = leftNodes.first { $0.stage == node.stage }?.count ?? 0
      let difference = node.count - earlier
      if difference != 0 {
        change = " <tspan class=\"difference\">\(PageNumber.change(difference))</tspan>"
      }
    }
    return """
      <g><title>\(name): \(plural(node.count, "lead"))</title>\
      <rect class="node" x="\(x)" y="\(node.top)" width="\(SankeyDiagram.bar)" height="\(node.height)" rx="2"/>\
      <text class="stage" x="\(textX)" y="\(node.middle - 2)" text-anchor="\(anchor)">\
      \(truncated(name, to: 22))</text>\
      <text class="count" x="\(textX)" y="\(node.middle + 15)" text-anchor="\(anchor)">\
      \(plural(node.count, "lead"))\(change)</text></g>
      """
  }

  /// The count of each flow on its ribbon, where it covers no other count; the table beside has them all.
  private var labels: Markup {
    var placed: [Box] = []
    var result: [Markup] = []
    let order =
      flows.filter { $0.tone != "same" }.sorted { $0.count > $1.count }
      + flows.filter { $0.tone == "same" && $0.height >= 22 }
    for flow in order {
      let text = "\(flow.tone == "up" ? "▲ " : flow.tone == "down" ? "▼ " : "")\(formatCount(flow.count))"
      let width = Double(text.unicodeScalars.count) * 7.6 + 16
      let tries = flow.tone == "same" ? [0.5, 0.62, 0.38] : [0.42, 0.58, 0.3, 0.7, 0.2, 0.8, 0.12, 0.88, 0.5]
      let boxes = tries.map { SankeyDiagram.box(flow, at: $0, width: width) }
      guard let box = boxes.first(where: { box in !placed.contains { $0.overlaps(box) } }) else { continue }
      placed.append(box)
      let shape: Markup =
        flow.tone == "same"
        ? .none
        : """
        <rect class="pill \(flow.tone)" x="\(box.x - width / 2)" y="\(box.y - 10.5)" width="\(width)" height="21" \
        rx="10.5"/>
        """
      result.append(
        """
        <g class="label">\(shape)<text class="flow-count \(flow.tone)" x="\(box.x)" y="\(box.y + 4.5)" \
        text-anchor="middle">\(text)</text></g>
        """)
    }
    return result.joined(by: "\n")
  }

  /// The place on a ribbon's middle line at a parameter of its curve.
  private static func box(_ flow: Flow, at t: Double, width: Double) -> Box {
    let x0 = left + bar
    let x1 = right - bar
    let middle = (x0 + x1) / 2
    let s = 1 - t
    let x = s * s * s * x0 + 3 * s * s * t * middle + 3 * s * t * t * middle + t * t * t * x1
    let share = 3 * s * t * t + t * t * t
    let y = (flow.leftTop * (1 - share) + flow.rightTop * share) + flow.height / 2
    return Box(x: x, y: y, width: width)
  }
}
