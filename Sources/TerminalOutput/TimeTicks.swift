/// Round moments of the UTC calendar between two instants, with the least text that says which they are; as many as fit
/// side by side.
///
/// - Parameters:
///   - start: in milliseconds since 1970, as is `end`, which is later.
///   - characters: how many characters fit between them; at least 1.
public func timeTicks(from start: Int64, to end: Int64, characters: Int) -> [(milliseconds: Int64, label: String)] {
  TimeAxis(start: start, end: end, columns: characters).fittingTicks(plotLeft: 0, width: characters)
    .map { ($0.instant, $0.label) }
}
