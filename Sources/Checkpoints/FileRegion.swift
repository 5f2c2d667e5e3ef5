internal import Archives

/// A part of a checkpoint's file, and what lies in it.
public struct FileRegion: Sendable, Equatable {
  public enum Content: Sendable, Equatable {
    case tensor(String)
    /// A member of a zip that is no tensor.
    case member(String)
    /// Headers, directories, and tensors that lie in pieces.
    case structure
  }

  public var file: String
  public var range: Range<Int>
  public var content: Content
}

extension Checkpoint {
  /// What lies where, file by file, in the order of the bytes. Tensors that share a storage share its range.
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

  /// What lies between the regions, in front of them and behind them; padding and the small headers of zip members are
  /// passed over.
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

  /// Bytes; PyTorch pads the headers of members to 64, their names may take more.
  private static let leastStructure = 256
}
