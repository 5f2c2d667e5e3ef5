public import Verification

/// A report of `verify` as one HTML file: no scripts, no links to other files, readable offline, in print and in the dark.
public struct ReportPage: Sendable {
  /// What was verified.
  public var subject: String
  public var verdict: Report.Verdict
  /// One per arithmetic.
  public var reports: [Report]
  /// Settings of the model: name, value, and where the value came from.
  public var settings: [[String]] = []
  /// Names and values that identify the files and the tool.
  public var facts: [[String]] = []
  /// The command line that makes this page again.
  public var command = ""
  /// PNG files of images, by path.
  public var thumbnails: [String: [UInt8]] = [:]

  public init(subject: String, verdict: Report.Verdict, reports: [Report]) {
    self.subject = subject
    self.verdict = verdict
    self.reports = reports
  }

  public var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
    <title>\(HTML.text("\(subject): \(verdict.rawValue)"))</title>
    <style>
    \(Style.sheet)
    </style>
    </head>
    <body>
    <h1>\(HTML.text(subject))</h1>
    <p><span class="verdict \(verdict.rawValue)">\(verdict.rawValue)</span></p>
    \(body.joined(separator: "\n"))
    </body>
    </html>

    """
  }

  private var body: [String] {
    summary + layers + distances + decisions + similarities + examples + identity
  }

  /// `int8 fast`, also for bounds that the user gave.
  func name(_ report: Report) -> String {
    report.thresholds.name.split(separator: ", ").first.map(String.init) ?? ""
  }

  /// Whose inputs were compared beside the user's.
  var items: String { reports.contains { $0.settings != nil } ? "built-in" : "golden" }

  /// A line that tells the colours of two runs apart.
  var legend: String {
    guard reports.count > 1 else { return "" }
    let names = zip(["var(--one)", "var(--two)"], reports).map { color, report in
      "<span style=\"color:\(color)\">●</span> \(HTML.text(name(report)))"
    }
    return "<p class=\"soft\">\(names.joined(separator: " &nbsp; "))</p>"
  }
}
