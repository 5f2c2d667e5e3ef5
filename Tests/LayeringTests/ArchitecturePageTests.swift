import Foundation
import Testing

@Suite("docs/ARCHITECTURE.md") struct ArchitecturePageTests {
  private let tree: SourceTree
  private let page: String

  init() throws {
    tree = try SourceTree()
    page = try tree.text(of: "docs/ARCHITECTURE.md")
  }

  @Test("Every source file that docs/ARCHITECTURE.md names exists")
  func filesExist() {
    let files = page.matches(of: /`([\w+\-]+\/[\w+\-\/]+\.swift)`/).map { String($0.1) }
    #expect(files.count > 30)
    for file in files { #expect((try? tree.text(of: "Sources/" + file)) != nil, "\(file)") }
  }

  @Test("Every step of docs/ARCHITECTURE.md names something in its file")
  func namesExist() throws {
    let steps = page.matches(of: /(?m)\| `([\w+\-]+\/[\w+\-\/]+\.swift)` \| `([\w ]+)` \|$/)
    #expect(steps.count > 20)
    for step in steps {
      let text = try tree.text(of: "Sources/" + step.1)
      #expect(text.contains(step.2), "\(step.1): \(step.2)")
    }
  }
}
