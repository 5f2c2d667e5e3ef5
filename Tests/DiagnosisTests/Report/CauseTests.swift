import Diagnosis
import Foundation
import TestSupport
import Testing

@Suite("Causes and docs/DIAGNOSE.md") struct CauseTests {
  private let page: String

  init() throws { page = try String(contentsOf: Repository.url("docs/DIAGNOSE.md"), encoding: .utf8) }

  @Test("Every topic has a section, and every cause a row in its topic's")
  func documented() {
    let sections = page.split(separator: "\n## ")
    for topic in Topic.allCases {
      let section = sections.first { $0.lowercased().hasPrefix(topic.rawValue + "\n") }
      #expect(section != nil, "\(topic)")
      for (id, _) in Cause.allIDs.filter({ $0.topic == topic }) {
        #expect(section?.contains("| `\(id)` |") == true, "\(id)")
      }
    }
  }

  @Test("Every row of the page is a cause, and ids are unique")
  func unique() {
    let ids = Cause.allIDs.map(\.id)
    let rows = page.matches(of: /(?m)^\| `([a-z0-9-]+)` \|/).map { String($0.1) }
    #expect(Set(rows).subtracting(ids).subtracting(Diagnosis.Verdict.allCases.map(\.rawValue)) == [])
    #expect(rows.count == Set(rows).count && rows.count > 80)
  }

  @Test("The fixtures only name known causes")
  func known() {
    let ids = Set(Cause.allIDs.map(\.id))
    for mistake in MadeMistake.all { #expect(ids.isSuperset(of: mistake.causes), "\(mistake.name)") }
  }
}
