/// A system whose exports or messages can be read as they are.
public enum Preset: String, Sendable, CaseIterable {
  case segment
  case hubspot
  case salesforce
  case marketo
  case mautic

  /// The system's exports; nil where it sends messages.
  var tables: TablePreset? {
    switch self {
    case .segment: nil
    case .hubspot: .hubspot
    case .salesforce: .salesforce
    case .marketo: .marketo
    case .mautic: .mautic
    }
  }
}
