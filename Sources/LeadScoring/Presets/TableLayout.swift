internal import RuleFile

/// What one kind of file that a system exports looks like, and what its columns are to us.
///
/// Columns are matched by their letters and digits alone, whatever the case: `First Name`, `firstname` and `FirstName`
/// are one. The tables here have them in that form.
struct TableLayout: Sendable {
  /// Where an event's type comes from.
  enum EventType: Sendable {
    case text(String)
    /// A column's value by a table of words; one that is not in it is put behind the prefix.
    case column(String, words: [String: String], other: String)
  }

  /// A second event in the same row, where a column of instants has a value.
  struct Extra: Sendable {
    var type: String
    var occurredAt: String
    /// A flag that must be set for it as well.
    var flag: String?
  }

  /// For messages: `Lead`, `activities`.
  var name: String
  var kind: ImportMapping.Kind
  /// The file is of this layout where it has one column of each of these.
  var marks: [[String]]
  /// Columns with the lead's key: the first that has a value counts.
  var key: [String]
  /// Columns with other ids of the same person, joined to the key; and to an address where the key is an id.
  var ids: [String] = []
  /// Columns of ids that are numbered by the system alone, and what is put before them.
  var idPrefix = ""
  /// Whether ids of 15 characters, which tell small letters from capitals, are completed to 18, which need not.
  var completesIDs = false
  /// Columns with an address, by which an event's lead is known too.
  var address: [String] = []
  var createdAt: [String] = []
  var type = EventType.text("")
  var occurredAt: [String] = []
  var id: [String] = []
  var extras: [Extra] = []
  /// Columns that get another name than their own, so that rules need not care where a lead comes from.
  var names: [String: String] = [:]
  /// The same for events of one type, by the names that they have by now.
  var namesByType: [String: [String: String]] = [:]
  /// Columns that are left out.
  var skip: [String] = []
  /// Columns that hold true or false; blank is false.
  var flags: [String] = []
  /// Columns that hold several texts, and what stands between them.
  var lists: [String: Character] = [:]
  /// Columns whose JSON, an object or a list of `name` and `value`, holds columns of its own.
  var unfold: [String] = []
  /// The flag of a record that was deleted, and the column with the record that it was merged into, if it was.
  var deleted: (flag: String, mergedInto: String)?
}

extension TableLayout {
  /// A column's name as the tables have it.
  static func folded(_ column: String) -> String {
    String(
      decoding: column.lowercased().utf8.filter { ($0 >= 48 && $0 <= 57) || ($0 >= 97 && $0 <= 122) }, as: UTF8.self)
  }

  /// Whether a file or record with these columns is of this layout.
  func fits(_ columns: Set<String>) -> Bool { marks.allSatisfy { !columns.isDisjoint(with: $0) } }
}

/// All that is known of the files of one system.
struct TablePreset: Sendable {
  /// The first that fits counts.
  var layouts: [TableLayout]
  /// Members of JSON under which a page of records stands.
  var pages: [String] = []
  /// Members of a JSON record whose own members are its columns.
  var envelopes: [String] = []
  /// Texts that mean that there is no value.
  var absent: [String] = []
  /// Whether a text such as `a;b;c` is a list.
  var splitsSemicolons = false
}
