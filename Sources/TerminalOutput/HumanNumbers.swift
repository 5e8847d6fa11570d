/// A whole number with thousands separators: `12,345`.
public func formatCount(_ value: Int64) -> String {
  let digits = String(value.magnitude)
  var result = value < 0 ? "-" : ""
  for (index, digit) in digits.enumerated() {
    if index > 0, (digits.utf8.count - index) % 3 == 0 { result.append(",") }
    result.append(digit)
  }
  return result
}

/// A whole number in about three places: `950`, `1.2k`, `12.3k`, `123k`, `1.2M`, `4B`. Halves round away from zero.
public func formatCompact(_ value: Int64) -> String {
  scaled(value, base: 1000, units: ["", "k", "M", "B", "T"])
}

/// A size in bytes for people, in powers of 1,000: `950 B`, `1.2 kB`, `12.3 MB`.
public func formatBytes(_ value: Int64) -> String {
  scaled(value, base: 1000, units: [" B", " kB", " MB", " GB", " TB", " PB", " EB"])
}

/// Points from their hundredths, without trailing zeros: `45`, `45.5`, `-0.25`; with `signed` a plus for gains: `+15`.
public func formatPoints(_ hundredths: Int64, signed: Bool = false) -> String {
  let whole = formatCount(Int64(clamping: hundredths.magnitude / 100))
  let rest = hundredths.magnitude % 100
  let sign = hundredths < 0 ? "-" : (signed && hundredths > 0 ? "+" : "")
  if rest == 0 { return sign + whole }
  if rest % 10 == 0 { return "\(sign)\(whole).\(rest / 10)" }
  return "\(sign)\(whole).\(twoDigits(Int64(rest)))"
}

/// A share in percent with at most one decimal, `12.5%`; `–` where the whole is not positive.
public func formatPercent(_ part: Int64, of whole: Int64) -> String {
  guard whole > 0 else { return "–" }
  let tenths = (Double(part) / Double(whole) * 1000).rounded()
  guard tenths.magnitude < 1e15 else { return "–" }
  let value = Int64(tenths)
  let sign = value < 0 ? "-" : ""
  let decimal = value.magnitude % 10
  return sign + formatCount(Int64(value.magnitude / 10)) + (decimal == 0 ? "" : ".\(decimal)") + "%"
}

/// A number with its noun: `1 lead`, `12,345 leads`, `0 entries`. Without `many` the plural adds an `s`.
public func plural(_ count: Int64, _ one: String, _ many: String? = nil) -> String {
  formatCount(count) + " " + (count == 1 ? one : many ?? one + "s")
}

/// The non-negative number with a leading zero where it has one digit.
func twoDigits(_ value: Int64) -> String {
  value < 10 ? "0\(value)" : String(value)
}

private func scaled(_ value: Int64, base: UInt64, units: [String]) -> String {
  let sign = value < 0 ? "-" : ""
  let magnitude = value.magnitude
  var divisor: UInt64 = 1
  for (index, unit) in units.enumerated() {
    let isLast = index == units.count - 1
    if index == 0 {
      if magnitude < base { return "\(sign)\(magnitude)\(unit)" }
    } else {
      // Below 100 of a unit one decimal is shown, above it none; either may round up into the next unit.
      let tenths = magnitude / divisor * 10 + (magnitude % divisor * 10 + divisor / 2) / divisor
      if tenths < 1000 {
        let decimal = tenths % 10
        return "\(sign)\(tenths / 10)\(decimal == 0 ? "" : ".\(decimal)")\(unit)"
      }
      let ones = magnitude / divisor + (magnitude % divisor >= divisor / 2 ? 1 : 0)
      if ones < base || isLast { return sign + formatCount(Int64(clamping: ones)) + unit }
    }
    divisor *= base
  }
  return sign + String(magnitude)
}
