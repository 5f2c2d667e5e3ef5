internal import Archives

extension PickleGraph {
  /// What `sys_info` states: `{'protocol_version': …, 'little_endian': True, 'type_sizes': {…}}`. Nil where it does
  /// not say.
  var isFromLittleEndianMachine: Bool? {
    let order = pairs(of: root)?.last { $0.key == .string("little_endian") }?.value
    if case .bool(let isLittleEndian)? = order { return isLittleEndian }
    return nil
  }
}
