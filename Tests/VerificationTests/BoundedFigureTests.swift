import Testing
import Verification

@Suite("Figures beside their bounds") struct BoundedFigureTests {
  @Test(
    "A cosine just below a bound never prints as the bound, nor above it",
    arguments: [0.9998, 0.99985, 0.9999, 0.99999, 0.998, 0.9995, 1, 0.3, 1e-6, 0.123_456_789_012])
  func justBelow(_ bound: Double) throws {
    for value in [bound.nextDown, bound - 1e-13, bound - 4e-10, bound - 1e-6] where value >= 0 {
      for digits in [4, 5, 6, 9] {
        let text = BoundedFigure.text(value, digits: digits, atLeast: bound)
        #expect(try #require(Double(text)) < bound, "\(value) prints as \(text)")
        #expect(try #require(Double(text)) <= value)
      }
    }
  }

  @Test(
    "A cosine that keeps its bound never prints below it", arguments: [0.9998, 0.99985, 0.999_812_345_678_9])
  func atTheBound(_ bound: Double) throws {
    for value in [bound, bound.nextUp, bound + 1e-12] {
      for digits in [4, 6, 9] {
        let text = BoundedFigure.text(value, digits: digits, atLeast: bound)
        #expect(try #require(Double(text)) >= bound, "\(value) prints as \(text)")
      }
    }
  }

  @Test("Without a bound a cosine is rounded down to its digits")
  func roundsDown() {
    #expect(BoundedFigure.text(0.999_899_9, digits: 4) == "0.9998")
    #expect(BoundedFigure.text(0.9999.nextDown, digits: 9) == "0.999899999")
    #expect(BoundedFigure.text(0.29, digits: 2) == "0.29")
    #expect(BoundedFigure.text(1, digits: 6) == "1.000000")
    #expect(BoundedFigure.text(-0.25001, digits: 3) == "-0.251")
    #expect(BoundedFigure.text(0, digits: 0) == "0")
    #expect(BoundedFigure.text(.nan, digits: 4) == "nan")
  }

  @Test(
    "A difference just above a bound never prints as the bound, nor below it",
    arguments: [1e-5, 2e-5, 1.05e-5, 3.3e-8, 0.5, 9.99e-6])
  func justAbove(_ bound: Double) throws {
    for value in [bound.nextUp, bound * (1 + 1e-12), bound * 1.001, bound * 1.04] {
      let text = BoundedFigure.text(value, atMost: bound)
      #expect(try #require(Double(text)) > bound, "\(value) prints as \(text)")
      #expect(try #require(Double(text)) >= value)
    }
    for value in [bound, bound.nextDown, bound * 0.999] {
      let text = BoundedFigure.text(value, atMost: bound)
      #expect(try #require(Double(text)) <= bound, "\(value) prints as \(text)")
    }
  }

  @Test("A difference has two significant digits, rounded up")
  func roundsUp() {
    #expect(BoundedFigure.text(3.21e-8, atMost: nil) == "3.3e-08")
    #expect(BoundedFigure.text(2e-5, atMost: nil) == "2.0e-05")
    #expect(BoundedFigure.text(9.99e-6, atMost: nil) == "1.0e-05")
    #expect(BoundedFigure.text(0, atMost: 1e-5) == "0.0")
    #expect(BoundedFigure.text(12, atMost: nil) == "1.2e+01")
  }
}
