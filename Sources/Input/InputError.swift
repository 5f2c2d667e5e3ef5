/// Why a file of the user cannot be read.
package struct InputError: Error, Sendable, Equatable {
  package enum Code: Sendable, Equatable, CaseIterable {
    case missing
    case denied
    case folder
    /// A device, pipe or socket, which may be endless or block forever.
    case notAFile
    case tooLarge
    case noMemory
    case failed
  }

  package var code: Code
  /// One line, without the path.
  package var reason: String

  package init(_ code: Code, reason: String) {
    self.code = code
    self.reason = reason
  }

  package var hint: String {
    switch code {
    case .missing: "check the path"
    case .denied: "check the permissions of the file and its folders"
    case .failed: "check the disk or the network mount that holds the file"
    case .folder: "give a file in it"
    case .notAFile: "give a regular file, or send the content through standard input and name it -"
    case .tooLarge: "split the file"
    case .noMemory: "raise the limit on address space (ulimit -v), or use a machine with more memory"
    }
  }
}
