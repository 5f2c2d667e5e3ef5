internal import Archives

/// A part of a checkpoint's file and its content.
public struct FileRegion: Sendable, Equatable {
  public enum Content: Sendable, Equatable {
    case tensor(String)
    /// A zip member that is not a tensor.
    case member(String)
    /// Headers, directories, and tensors that are not contiguous.
    case structure
  }

  public var file: String
  public var range: Range<Int>
  public var content: Content
}

extension Checkpoint {
  /// The content of each range, file by file, in byte order. Tensors that share a storage share its range.
  public var regions: [FileRegion] {
    let all = Dictionary(grouping: tensorRegions + memberRegions, by: \.file)
    return files.flatMap { file in
      Self.withStructure((all[file.path] ?? []).sorted(by: Self.liesBefore), in: file)
    }
  }

  private var tensorRegions: [FileRegion] {
    tensors.compactMap { tensor in
      tensor.storage.storedRange.map {
        FileRegion(file: tensor.file, range: $0, content: .tensor(tensor.name))
      }
    }
  }

  private var memberRegions: [FileRegion] {
    let storages = Set(tensors.compactMap(\.storage.storedRange?.lowerBound))
    return archives.flatMap { archive in
      archive.entries.filter { !$0.isFolder && !storages.contains($0.dataRange.lowerBound) }.map {
        FileRegion(file: archive.file.path, range: $0.dataRange, content: .member($0.name))
      }
    }
  }

  private static func liesBefore(_ left: FileRegion, _ right: FileRegion) -> Bool {
    (left.range.lowerBound, left.range.upperBound) < (right.range.lowerBound, right.range.upperBound)
  }

  /// Adds the ranges before, between and after the regions. Padding and the small headers of zip members are omitted.
  private static func withStructure(_ regions: [FileRegion], in file: SourceFile) -> [FileRegion] {
    var result: [FileRegion] = []
    var end = 0
    func addStructure(upTo start: Int) {
      guard start - end >= (end == 0 ? 1 : leastStructure) else { return }
      result.append(FileRegion(file: file.path, range: end..<start, content: .structure))
    }
    for region in regions {
      addStructure(upTo: region.range.lowerBound)
      result.append(region)
      end = max(end, region.range.upperBound)
    }
    addStructure(upTo: file.byteCount)
    return result
  }

  /// In bytes. PyTorch pads the headers of members to 64; their names can take more.
  private static let leastStructure = 256
}
