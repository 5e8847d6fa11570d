/// What the numbers of event types and properties stand for.
public protocol PropertySource {
  /// The name of an event type.
  func typeName(_ type: Int) -> String
  /// The name of a property.
  func propertyName(_ property: Int) -> String
  /// The value of a property.
  func propertyValue(_ property: Int) -> Value
}
