internal import Archives
internal import SystemPath

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// Hugging Face's local cache. It is only read; nothing is ever downloaded.
enum HubCache {
  /// The cache folder of the model `org/name`; nil if `path` does not have this form, or exists.
  ///
  /// - Throws: `notInHubCache` if the cache does not hold the model.
  static func folder(ofModelNamed path: String) throws(ReadError) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy(isNamePart), (try? Folder.kind(of: path)) == nil,
      !Folder.hasFolder(String(parts[0]))
    else { return nil }
    let folder = Folder.join(root, "models--\(parts[0])--\(parts[1])")
    guard Folder.hasFolder(folder) else {
      throw ReadError(
        .notInHubCache, found: "no \(folder)", file: path,
        advice: "check the path, or download the model first: `hf download \(path.shellQuoted)`")
    }
    return folder
  }

  /// Whether the hub allows the part in a name; rejects `..` and hidden names.
  private static func isNamePart(_ part: Substring) -> Bool {
    guard let first = part.utf8.first, first != UInt8(ascii: "."), !part.contains("..") else { return false }
    return part.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
  }

  /// Like huggingface_hub: `HF_HUB_CACHE`, `HF_HOME/hub`, `XDG_CACHE_HOME/huggingface/hub`, `~/.cache/…`.
  private static var root: String {
    if let cache = variable("HF_HUB_CACHE") { return cache }
    if let home = variable("HF_HOME") { return Folder.join(home, "hub") }
    let caches = variable("XDG_CACHE_HOME") ?? Folder.join(variable("HOME") ?? "", ".cache")
    return Folder.join(caches, "huggingface/hub")
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }
}
