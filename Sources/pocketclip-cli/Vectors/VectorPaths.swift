import Archives
import BundleWriter
import Foundation
import Output

/// The paths of the vectors and rows of `embed -o`, and of the temporary files until both are complete.
struct VectorPaths: Sendable {
  enum Format: String, Sendable { case safetensors, npy }

  /// The value of `format` in the metadata of a safetensors file of vectors.
  static let metadataFormat = "pocketclip-vectors"

  let vectors: String
  let format: Format
  /// One line of JSON per vector.
  let rows: String
  /// The journal: the lock, and the vectors of a run that has not ended.
  let journal: String
  /// Complete files before they get their final names.
  let newVectors, newRows: String
  let folder: String

  /// - Parameter output: a name that ends in `.safetensors` or `.npy`, or has no ending and gets the first.
  init(_ output: String) {
    let ending = OutputPath.ending(of: output)?.lowercased()
    vectors = ending == nil ? output + ".safetensors" : output
    format = ending.flatMap(Format.init) ?? .safetensors
    rows = vectors + ".rows.jsonl"
    folder = Folder.parent(of: vectors)
    let slash = vectors.utf8.lastIndex(of: UInt8(ascii: "/"))
    let prefix = slash.map { [vectors] in String(vectors[...$0]) } ?? ""
    let hidden = "\(prefix).\(Folder.lastComponent(of: vectors))"
    journal = "\(hidden).pclip-partial"
    newVectors = "\(hidden).pclip-new"
    newRows = "\(hidden).rows.jsonl.pclip-new"
  }

  /// Checks before any work that the output can be written.
  ///
  /// - Parameter inputs: files that must not be replaced, not even with `--force`.
  /// - Throws: `output`.
  func checkDestination(replacing: Bool, inputs: [String]) throws(Failure) {
    do throws(OutputError) {
      for path in [vectors, rows] {
        try OutputFile.checkDestination(path, replacesExisting: replacing, sources: inputs)
      }
    } catch {
      var failure = Failure(error)
      if error.code == .exists {
        failure.hint = "give another name, --resume to add new vectors, or --force to replace it"
      }
      throw failure
    }
  }
}

extension Failure {
  /// The error for a file of the output that could not be written.
  static func writing(_ path: String, errno number: Int32) -> Failure {
    let reason = String(cString: strerror(number))
    return switch number {
    case ENOSPC, EDQUOT, EFBIG:
      Failure(
        .output, "output \(path): no space left (\(reason))",
        hint:
          "free some space, or raise the limit on the size of files (ulimit -f), then continue with --resume"
      )
    case ENAMETOOLONG:
      Failure(.output, "output \(path): its name is too long", hint: "give a shorter name to -o")
    default: Failure(OutputError(errno: number, path: path))
    }
  }
}
