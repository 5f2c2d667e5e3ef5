public import TensorTypes

/// The classes and functions that a pickle can name. Nothing is ever called. The closed table below has the names
/// with a meaning for readers; names that would run commands are errors; all others are inert.
public enum PickleGlobal: Sendable, Equatable, Hashable {
  // Containers that behave like dictionaries or sets once built.
  case orderedDict
  case counter
  case defaultDict
  case set

  // PyTorch: functions that build tensors.
  case rebuildTensor
  case rebuildTensorV2
  case rebuildTensorV3
  case rebuildParameter
  case rebuildParameterWithState
  /// A tensor with Python attributes, or of a subclass: `(function, class, arguments, attributes)`.
  case rebuildFromType
  /// Sparse, quantized and other tensors that are not dense arrays; the name identifies the kind.
  case rebuildUnreadable(String)
  /// `torch.Tensor` and `torch.nn.Parameter`, as classes.
  case plainTensor
  /// `torch.FloatStorage` and similar; nil for complex elements.
  case storage(DType?)
  /// `torch.storage.UntypedStorage`, counted in bytes.
  case untypedStorage
  /// `torch.float16` and similar; nil for unsupported types.
  case torchDType(DType?)
  case torchFloat8(Float8)
  /// `torch.FloatTensor` and similar, PyTorch's older names of element types (before `torch.float32`).
  case tensorClass
  case torchSize
  case torchDevice

  // Inert values around the tensors of training checkpoints.
  case namespace
  case numpyDType
  case numpyArray
  case numpyScalar
  case numpyReconstruct
  case codecsEncode
  case byteArray
  case complex

  /// A class of a TorchScript archive, with its name without modules and mangling. An inert record.
  case scriptClass(String)
  /// `builtins.getattr`, which Python 3.11 uses for the members of enumerations. Only accepted for a name in a class.
  case attribute
  /// Any other class or function, with its module. It is not called; its arguments are kept, so that tensors among
  /// them are found and reported.
  case opaque(module: String, name: String)
}

extension PickleGlobal {
  /// The meaning of a name in a module.
  ///
  /// - Throws: `pickleRefusedGlobal` for names that would run commands.
  static func named(_ key: Key, at offset: UInt64) throws(ReadError) -> PickleGlobal {
    if let known = table[key] { return known }
    let (module, name) = (key.module, key.name)
    if module == "__torch__" || module.hasPrefix("__torch__.") { return .scriptClass(name) }
    if module == "torch._utils", name.hasPrefix("_rebuild_") { return .rebuildUnreadable(name) }
    guard module != "torch._utils", !PickleRefusals.contains(name, in: module) else {
      throw ReadError(.pickleRefusedGlobal, at: offset, found: "refused: \(module).\(name)")
    }
    return .opaque(module: module, name: name)
  }

  struct Key: Hashable {
    var module: String
    var name: String
  }

  private static let table: [Key: PickleGlobal] = {
    var table: [Key: PickleGlobal] = [:]
    for (modules, name, meaning) in rows {
      for module in modules { table[Key(module: module, name: name)] = meaning }
    }
    return table
  }()

  private static let builtins = ["builtins", "__builtin__"]
  private static let storages = ["torch", "torch.cuda", "torch.storage"]
  private static let numpyCore = ["numpy._core.multiarray", "numpy.core.multiarray"]

  /// Modules (spellings of several versions), name, meaning.
  static let rows: [(modules: [String], name: String, meaning: PickleGlobal)] =
    [
      (["collections"], "OrderedDict", .orderedDict),
      (["collections"], "Counter", .counter),
      (["collections"], "defaultdict", .defaultDict),
      (builtins, "set", .set),
      (builtins, "frozenset", .set),
      (builtins, "getattr", .attribute),
      (builtins, "bytearray", .byteArray),
      (builtins, "complex", .complex),
      (["torch._utils"], "_rebuild_tensor", .rebuildTensor),
      (["torch._utils"], "_rebuild_tensor_v2", .rebuildTensorV2),
      (["torch._utils"], "_rebuild_tensor_v3", .rebuildTensorV3),
      (["torch._utils"], "_rebuild_parameter", .rebuildParameter),
      (["torch._utils"], "_rebuild_parameter_with_state", .rebuildParameterWithState),
      (["torch._utils"], "_rebuild_sparse_tensor", .rebuildUnreadable("sparse tensor")),
      (["torch._utils"], "_rebuild_sparse_csr_tensor", .rebuildUnreadable("sparse tensor")),
      (["torch._utils"], "_rebuild_qtensor", .rebuildUnreadable("quantized tensor")),
      (["torch._utils"], "_rebuild_nested_tensor", .rebuildUnreadable("nested tensor")),
      (["torch._utils"], "_rebuild_meta_tensor_no_storage", .rebuildUnreadable("tensor without data")),
      (["torch._tensor"], "_rebuild_from_type_v2", .rebuildFromType),
      (["torch"], "Tensor", .plainTensor),
      (["torch.nn.parameter", "torch.nn"], "Parameter", .plainTensor),
      (["torch.storage"], "UntypedStorage", .untypedStorage),
      (["torch"], "Size", .torchSize),
      (["torch"], "device", .torchDevice),
      (["argparse"], "Namespace", .namespace),
      (["numpy"], "dtype", .numpyDType),
      (["numpy"], "ndarray", .numpyArray),
      (numpyCore, "scalar", .numpyScalar),
      (numpyCore, "_reconstruct", .numpyReconstruct),
      (["_codecs"], "encode", .codecsEncode),
    ] + storageRows + tensorClassRows + dtypeRows

  private static let storageRows: [(modules: [String], name: String, meaning: PickleGlobal)] = [
    (storages, "DoubleStorage", .storage(.f64)),
    (storages, "FloatStorage", .storage(.f32)),
    (storages, "HalfStorage", .storage(.f16)),
    (storages, "BFloat16Storage", .storage(.bf16)),
    (storages, "LongStorage", .storage(.i64)),
    (storages, "IntStorage", .storage(.i32)),
    (storages, "ShortStorage", .storage(.i16)),
    (storages, "CharStorage", .storage(.i8)),
    (storages, "ByteStorage", .storage(.u8)),
    (storages, "BoolStorage", .storage(.bool)),
    (storages, "QInt8Storage", .storage(.i8)),
    (storages, "QUInt8Storage", .storage(.u8)),
    (storages, "QInt32Storage", .storage(.i32)),
    (storages, "ComplexFloatStorage", .storage(nil)),
    (storages, "ComplexDoubleStorage", .storage(nil)),
  ]

  private static let tensorClassRows: [(modules: [String], name: String, meaning: PickleGlobal)] = [
    "Double", "Float", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool",
  ].map { (["torch", "torch.cuda"], $0 + "Tensor", .tensorClass) }

  private static let dtypeRows: [(modules: [String], name: String, meaning: PickleGlobal)] = [
    (["torch"], "float64", .torchDType(.f64)),
    (["torch"], "float32", .torchDType(.f32)),
    (["torch"], "float16", .torchDType(.f16)),
    (["torch"], "bfloat16", .torchDType(.bf16)),
    (["torch"], "int64", .torchDType(.i64)),
    (["torch"], "int32", .torchDType(.i32)),
    (["torch"], "int16", .torchDType(.i16)),
    (["torch"], "int8", .torchDType(.i8)),
    (["torch"], "uint64", .torchDType(.u64)),
    (["torch"], "uint32", .torchDType(.u32)),
    (["torch"], "uint16", .torchDType(.u16)),
    (["torch"], "uint8", .torchDType(.u8)),
    (["torch"], "bool", .torchDType(.bool)),
    (["torch"], "complex64", .torchDType(nil)),
    (["torch"], "complex128", .torchDType(nil)),
    (["torch"], "float8_e4m3fn", .torchFloat8(.e4m3fn)),
    (["torch"], "float8_e5m2", .torchFloat8(.e5m2)),
    (["torch"], "float8_e4m3fnuz", .torchFloat8(.e4m3fnuz)),
    (["torch"], "float8_e5m2fnuz", .torchFloat8(.e5m2fnuz)),
  ]
}
