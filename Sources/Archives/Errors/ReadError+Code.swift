extension ReadError {
  /// The broken rule: a stable number and name, and texts for the user.
  ///
  /// A value instead of a case of one enum, so that each container declares its codes next to its parser. The numbers
  /// of a container are adjacent. `--json` prints number and name, whose meaning never changes.
  public struct Code: Sendable {
    public let rawValue: UInt16
    public let name: String
    /// What is wrong, in a few words.
    public let summary: String
    /// What to do, one sentence.
    public let hint: String
    public let category: Category

    package init(
      _ rawValue: UInt16, _ name: String, _ summary: String, hint: Advice, category: Category = .badData
    ) {
      self.rawValue = rawValue
      self.name = name
      self.summary = summary
      self.hint = hint.text
      self.category = category
    }
  }

  /// The class of an error. Each class has one exit status of the command line.
  public enum Category: Sendable, Equatable, Hashable, CaseIterable {
    /// The path leads to nothing readable (exit status 66).
    case cannotOpen
    /// The content breaks a rule (exit status 65).
    case badData
    /// The content is recognised and, as far as checked, valid, but not supported (exit status 69).
    case unsupported
    /// This process may take no more memory (exit status 71).
    case memory
  }

  public var category: Category { code.category }

  /// What a user can do: a literal, or advice that several codes share.
  package struct Advice: Sendable, ExpressibleByStringLiteral {
    let text: String

    package init(stringLiteral text: String) { self.text = text }

    package static let downloadAgain: Advice =
      "download the file again and compare its size or SHA-256 with the source's"
    package static let saveAgain: Advice = "save the checkpoint again with the library that wrote it"
    package static let doNotTrust: Advice = "do not trust this file; get it from its original source"
  }
}

extension ReadError.Code: Hashable {
  /// Codes are compared by number, because the number determines the texts.
  public static func == (left: Self, right: Self) -> Bool { left.rawValue == right.rawValue }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
}

extension ReadError.Code: CustomStringConvertible {
  public var description: String { name }
}
