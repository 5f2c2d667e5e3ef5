import Archives

extension Failure {
  /// The layers' typed errors as one message, one hint and one exit status.
  init(describing error: any Error) {
    switch error {
    case let error as Failure: self = error
    case let error as ReadError:
      self.init(error.category.exitStatus, error.description, hint: error.hint)
    default:
      self.init(.internal, "unexpected: \(error)", hint: "please report this with the command that led to it")
    }
  }
}

extension ReadError.Category {
  var exitStatus: ExitStatus {
    switch self {
    case .cannotOpen: .cannotOpen
    case .badData: .badData
    case .unsupported: .unsupported
    }
  }
}
