import Checkpoints

extension InspectOutput.RegionRow {
  init(_ region: FileRegion) {
    file = region.file
    offset = region.range.lowerBound
    byteCount = region.range.count
    switch region.content {
    case .tensor(let name): (kind, self.name) = ("tensor", name)
    case .member(let name): (kind, self.name) = ("member", name)
    case .structure: (kind, name) = ("structure", nil)
    }
  }
}

extension InspectOutput {
  /// The content of each range of bytes.
  var regionLines: [String] {
    guard let regions else { return [] }
    var lines = [
      "  valid         the file breaks no rule of its format; weights were not read. Its parts:"
    ]
    var file: String?
    for region in regions {
      if region.file != file { lines.append("                offset       bytes  in \(region.file)") }
      file = region.file
      lines.append(
        "  " + "\(region.offset)".leftPadding(to: 20) + "\(region.byteCount)".leftPadding(to: 12) + "  "
          + region.kind + (region.name.map { " " + $0 } ?? ""))
    }
    return lines
  }
}
