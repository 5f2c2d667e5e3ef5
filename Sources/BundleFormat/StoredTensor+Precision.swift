internal import TensorTypes

extension StoredTensor {
  /// How weights in panels or in a table are stored.
  public var precision: Precision {
    switch dtype {
    case .f32: .fp32
    case .f16: .fp16
    case .i8: .int8
    case .f64, .bf16, .i64, .i32, .i16, .u64, .u32, .u16, .u8, .bool:
      preconditionFailure("no precision has weights of this type")
    }
  }
}
