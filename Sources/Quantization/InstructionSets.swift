internal import CKernels

/// The names of the instruction sets that have kernels, whether or not this machine has them.
public enum InstructionSets {
  /// From the slowest on.
  public static let x86 = Array(all[..<firstOfArm])
  public static let arm = Array(all[firstOfArm...])
  public static let all = (0..<UInt32(PK_ISA_COUNT)).map {
    unsafe String(cString: pk_isa_name(pk_isa(rawValue: $0)))
  }
  /// Those of this machine.
  public static let here = all.filter { WeightKernels(isa: $0) != nil }

  private static let firstOfArm = Int(PK_ISA_NEON.rawValue)
}
