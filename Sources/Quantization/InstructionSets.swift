internal import CKernels

/// The names of the instruction sets that have kernels, supported by this machine or not.
public enum InstructionSets {
  /// Slowest first.
  public static let x86 = Array(all[..<firstOfArm])
  public static let arm = Array(all[firstOfArm...])
  public static let all = (0..<UInt32(PK_ISA_COUNT)).map {
    unsafe String(cString: pk_isa_name(pk_isa(rawValue: $0)))
  }
  /// Those that this machine supports and whose products this process may use.
  public static let here = (0..<UInt32(PK_ISA_COUNT)).map { pk_isa(rawValue: $0) }
    .filter { unsafe pk_kernels_for($0) != nil && pk_permitted($0) != 0 }
    .map { unsafe String(cString: pk_isa_name($0)) }

  private static let firstOfArm = Int(PK_ISA_NEON.rawValue)
}
