/// A person's points for a lead.
public struct Adjustment: Hashable, Sendable {
  /// Hundredths.
  public var points: Int64
  /// Worth its points from here on, in milliseconds.
  public var from: Int64
  /// Worth nothing any more from here on; nil for no end.
  public var until: Int64?

  /// An adjustment.
  public init(points: Int64, from: Int64, until: Int64?) {
    self.points = points
    self.from = from
    self.until = until
  }
}

/// A stage that a person named for a lead.
public struct FastTrack: Hashable, Sendable {
  /// The stage's id.
  public var stage: String
  /// Shown from here on, in milliseconds.
  public var from: Int64
  /// Not shown any more from here on; nil for no end.
  public var until: Int64?

  /// A fast-track.
  public init(stage: String, from: Int64, until: Int64?) {
    self.stage = stage
    self.from = from
    self.until = until
  }
}

/// What a person said about a lead, which outranks the rules.
public struct Judgement: Hashable, Sendable {
  public var adjustments: [Adjustment]
  /// In the order in which they were set; where several hold, the last one does.
  public var fastTracks: [FastTrack]

  /// A judgement; empty unless told otherwise.
  public init(adjustments: [Adjustment] = [], fastTracks: [FastTrack] = []) {
    self.adjustments = adjustments
    self.fastTracks = fastTracks
  }

  /// Nothing said.
  public static let none = Judgement()
}
