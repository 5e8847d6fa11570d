/// A country that leads of the sample come from, with its names.
struct SampleCountry {
  let name: String
  /// Standard time; summer time would not change what the sample shows.
  let hoursEast: Int
  let weight: Int
  let firstNames: [SampleName]
  let lastNames: [SampleName]
  /// What companies there are called after their first word.
  let companyWords: [String]
  /// Titles of that language, by seniority; a title that is not there is English.
  let titles: [SampleSeniority: [String]]
}

/// A name, and how it is written in an e-mail address.
struct SampleName {
  let text: String
  let address: String

  /// `健:ken` gives both spellings; a Latin name needs only the first.
  init(_ source: Substring) {
    let parts = source.split(separator: ":")
    text = String(parts[0])
    address = parts.count > 1 ? String(parts[1]) : SampleName.folded(text)
  }

  static func list(_ source: String) -> [SampleName] {
    source.split(separator: " ").map { SampleName($0) }
  }

  /// Small ASCII letters, digits and single hyphens.
  static func folded(_ text: String) -> String {
    var folded = ""
    for character in text.lowercased() {
      if let plain = plain[character] {
        folded += plain
      } else if character.isASCII, character.isLetter || character.isNumber {
        folded.append(character)
      } else if !folded.isEmpty, !folded.hasSuffix("-") {
        folded.append("-")
      }
    }
    return folded.hasSuffix("-") ? String(folded.dropLast()) : folded
  }

  private static let plain: [Character: String] = [
    "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "å": "a", "á": "a", "à": "a", "ã": "a", "â": "a", "ç": "c", "é": "e",
    "è": "e", "ê": "e", "ë": "e", "ę": "e", "ą": "a", "í": "i", "ł": "l", "ñ": "n", "ń": "n", "ó": "o", "ô": "o",
    "õ": "o", "ś": "s", "ú": "u", "ż": "z", "ź": "z",
  ]
}

/// How high somebody stands, lowest first.
enum SampleSeniority: Int, CaseIterable {
  case student
  case specialist
  case manager
  case director
  case executive
}

enum SampleNames {
  static let countries: [SampleCountry] = [
    SampleCountry(
      name: "United States", hoursEast: -6, weight: 26,
      firstNames: SampleName.list("Emma Liam Olivia Noah Ava Ethan Sophia Mason Mia Logan Grace Tyler Hannah Marcus"),
      lastNames: SampleName.list("Smith Johnson Brown Davis Miller Wilson Moore Clark Hall Young King O'Brien Reyes"),
      companyWords: ["Systems", "Group", "Labs", "Industries", "Partners, Inc.", "Holdings", "Works"], titles: [:]),
    SampleCountry(
      name: "United Kingdom", hoursEast: 0, weight: 13,
      firstNames: SampleName.list("Oliver Amelia Harry Isla George Freya Alfie Siân Callum Poppy Imogen Rhys"),
      lastNames: SampleName.list("Taylor Evans Hughes Walker Wright Green Patel Khan Baker Cooper Ó-Súilleabháin"),
      companyWords: ["Ltd", "Services", "& Sons", "Consulting", "Logistics"], titles: [:]),
    SampleCountry(
      name: "Germany", hoursEast: 1, weight: 15,
      firstNames: SampleName.list("Jürgen Anna Lukas Käthe Björn Sabine Jörg Lena Uwe Friederike Sören Jana Günther"),
      lastNames: SampleName.list("Müller Schmidt Weiß Schäfer Köhler Krüger Böhm Vogel Groß Jäger Lang Pfeiffer"),
      companyWords: ["GmbH", "Technik AG", "Logistik", "Maschinenbau", "& Söhne KG", "Gruppe"],
      titles: [
        .executive: ["Geschäftsführer", "Geschäftsführerin", "Vorstand IT"],
        .director: ["Leiter IT", "Leiterin Vertrieb", "Bereichsleiter Einkauf"],
        .manager: ["Teamleiter Entwicklung", "Projektleiterin"],
        .student: ["Werkstudent", "Praktikantin"],
      ]),
    SampleCountry(
      name: "France", hoursEast: 1, weight: 9,
      firstNames: SampleName.list("Zoé Hugo Chloé Théo Léa Jérôme Inès François Anaïs Rémi Hélène Gaël"),
      lastNames: SampleName.list("Lefèvre Dubois Moreau Garçon Béranger Rousseau Noël Chevalier Faÿ Gauthier"),
      companyWords: ["SAS", "& Cie", "Conseil", "Énergie", "Industries", "Santé"],
      titles: [
        .executive: ["Directeur Général", "Présidente"], .director: ["Directrice Marketing", "Directeur Informatique"],
        .manager: ["Responsable Achats", "Chef de projet"], .student: ["Étudiante"],
      ]),
    SampleCountry(
      name: "Netherlands", hoursEast: 1, weight: 6,
      firstNames: SampleName.list("Daan Sanne Bram Fleur Jeroen Lotte Thijs Maaike"),
      lastNames: SampleName.list("Jansen Bakker Visser Smit Mulder Dekker Brouwer Hoekstra"),
      companyWords: ["BV", "Groep", "Logistiek"], titles: [:]),
    SampleCountry(
      name: "Sweden", hoursEast: 1, weight: 5,
      firstNames: SampleName.list("Åsa Björn Göran Malin Örjan Linnéa Nils Frida"),
      lastNames: SampleName.list("Åkesson Lindström Öberg Nyström Sjögren Ek Hällgren"),
      companyWords: ["AB", "Teknik AB", "Skog", "Gruppen"], titles: [.executive: ["VD"], .manager: ["IT-chef"]]),
    SampleCountry(
      name: "Spain", hoursEast: 1, weight: 6,
      firstNames: SampleName.list("José Lucía Íñigo María Raúl Begoña Álvaro Núria"),
      lastNames: SampleName.list("Núñez García Ibáñez Peña Muñoz Ortega Sánchez"),
      companyWords: ["S.L.", "Hermanos", "Grupo", "Ingeniería"],
      titles: [.director: ["Directora de Operaciones"], .manager: ["Responsable de Compras"], .student: ["Estudiante"]]),
    SampleCountry(
      name: "Poland", hoursEast: 1, weight: 5,
      firstNames: SampleName.list("Łukasz Zofia Paweł Małgorzata Michał Agnieszka Stanisław"),
      lastNames: SampleName.list("Wójcik Kamińska Dąbrowski Zieliński Woźniak Król Jabłoński"),
      companyWords: ["Sp. z o.o.", "Polska", "Transport"],
      titles: [.executive: ["Prezes Zarządu"], .director: ["Dyrektor IT"], .manager: ["Kierownik Projektu"]]),
    SampleCountry(
      name: "India", hoursEast: 5, weight: 7,
      firstNames: SampleName.list("Aarav Priya Rohan Ananya Vikram Kavya Arjun Meera"),
      lastNames: SampleName.list("Sharma Iyer Gupta Reddy Nair Mehta Banerjee"),
      companyWords: ["Technologies", "Infotech", "Solutions", "Pvt Ltd"], titles: [:]),
    SampleCountry(
      name: "Brazil", hoursEast: -3, weight: 4,
      firstNames: SampleName.list("João Conceição Thiago Júlia Antônio Letícia"),
      lastNames: SampleName.list("Silva Gonçalves Araújo Magalhães Pereira"),
      companyWords: ["Ltda", "do Brasil", "Tecnologia"], titles: [.director: ["Diretor de TI"]]),
    SampleCountry(
      name: "Japan", hoursEast: 9, weight: 2,
      firstNames: SampleName.list("健:ken 陽子:yoko 翔:sho 美咲:misaki 大輔:daisuke"),
      lastNames: SampleName.list("佐藤:sato 鈴木:suzuki 高橋:takahashi 田中:tanaka"),
      companyWords: ["株式会社", "K.K."], titles: [.director: ["部長"], .manager: ["課長"]]),
    SampleCountry(
      name: "Australia", hoursEast: 10, weight: 2,
      firstNames: SampleName.list("Jack Charlotte Cooper Matilda Lachlan Ruby"),
      lastNames: SampleName.list("Campbell Stewart Nguyen Murphy Mitchell"),
      companyWords: ["Pty Ltd", "Mining", "Services"], titles: [:]),
  ]

  /// The first words of company names.
  static let companyStems = [
    "Acorn", "Alder", "Amber", "Arbor", "Aster", "Atlas", "Aurora", "Birch", "Blauwasser", "Bluepeak", "Borealis",
    "Bright", "Brühl", "Cascade", "Cedar", "Chêne", "Cobalt", "Copper", "Delta", "Dunmore", "Eiche", "Ember", "Falke",
    "Fjord", "Forge", "Gale", "Granite", "Harbor", "Hawthorn", "Helix", "Indigo", "Juniper", "Kestrel", "Krone",
    "Larch", "Linden", "Lumen", "Mangrove", "Meridian", "Merlin", "Northwind", "Nova", "Oakridge", "Onyx", "Orion",
    "Peñasco", "Pioneer", "Quarry", "Quill", "Redwood", "Ridge", "Rowan", "Saffron", "Sierra", "Solstice", "Sturm",
    "Summit", "Tamarind", "Teal", "Tidewater", "Union", "Vela", "Vermeer", "Wald", "Willow", "Zephyr", "Zinc", "Żuraw",
  ]

  /// Who works what, in English.
  static let titles: [SampleSeniority: [String]] = [
    .executive: [
      "CEO", "CTO", "CIO", "Chief Operating Officer", "Chief Revenue Officer", "Founder & CEO", "Co-Founder",
      "Managing Director", "President",
    ],
    .director: [
      "VP Engineering", "VP Sales", "Vice President, Operations", "Director of IT", "Director of Marketing",
      "Head of Procurement", "Head of Data", "Sales Director", "Director, Customer Success",
    ],
    .manager: [
      "IT Manager", "Marketing Manager", "Operations Manager", "Team Lead, Platform", "Product Manager",
      "Revenue Operations Manager", "Regional Sales Manager",
    ],
    .specialist: [
      "Software Engineer", "Business Analyst", "Consultant", "System Administrator", "Data Analyst", "Buyer",
      "Account Executive", "International Trade Specialist", "Marketing Specialist", "Office Assistant",
    ],
    .student: ["Student", "Intern", "PhD Student", "Marketing Intern"],
  ]

  static let industries: [(element: String, weight: Int)] = [
    ("Software", 22), ("Manufacturing", 15), ("Financial Services", 12), ("Logistics", 10), ("Healthcare", 9),
    ("Retail", 10), ("Education", 7), ("Consulting", 8), ("Public Sector", 5), ("Hospitality", 4),
  ]

  static let sources: [(element: String, weight: Int)] = [
    ("Organic search", 27), ("Paid search", 17), ("Outbound", 14), ("Trade show", 11), ("Webinar", 10),
    ("Social", 10), ("Referral", 7), ("Partner", 4),
  ]

  /// Under a top-level domain that nobody can register: none of these addresses belongs to anyone.
  static let freeMailHosts = ["gmail.example", "outlook.example", "yahoo.example", "gmx.example", "proton.example"]

  static let owners: [String: [String]] = [
    "Americas": ["Dana Whitfield", "Luis Ortega"], "Europe": ["Katrin Böhme", "Étienne Marchand", "Tom Ashworth"],
    "Asia Pacific": ["Asha Raman"],
  ]

  static let browsers = [
    "Mozilla/5.0 (Windows NT 10.0) Chrome/141.0", "Mozilla/5.0 (Macintosh) Safari/605.1",
    "Mozilla/5.0 (Windows NT 10.0) Edg/141.0", "Mozilla/5.0 (X11; Linux) Firefox/144.0",
    "Mozilla/5.0 (iPhone) Mobile Safari/604.1", "Mozilla/5.0 (Android 15; Mobile) Firefox/144.0",
  ]

  static let bots = [
    "Mozilla/5.0 (compatible; LinkCheckBot/2.1; +https://gateway.example/bot)", "MailSecurity-Crawler/4.0",
    "safelink-bot (prefetch, rewrite)",
  ]
}
