extension ONNXNode {
  /// `NodeProto`.
  func encode(into writer: inout ProtobufWriter) {
    for input in inputs { writer.string(1, input) }
    for output in outputs { writer.string(2, output) }
    writer.string(3, outputs[0])
    writer.string(4, operation.rawValue)
    for attribute in attributes { writer.message(5) { attribute.encode(into: &$0) } }
  }
}

extension ONNXAttribute {
  /// `AttributeProto`. The type is stated in addition to the value.
  fileprivate func encode(into writer: inout ProtobufWriter) {
    writer.string(1, name)
    switch value {
    case .float(let value):
      writer.float(2, value)
      writer.integer(20, 1)
    case .integer(let value):
      writer.integer(3, value)
      writer.integer(20, 2)
    case .integers(let values):
      for value in values { writer.integer(8, value) }
      writer.integer(20, 7)
    }
  }
}

extension ONNXValue {
  /// `ValueInfoProto`.
  func encode(into writer: inout ProtobufWriter) {
    writer.string(1, name)
    writer.message(2) { type in
      type.message(1) { tensor in
        tensor.integer(1, self.type.rawValue)
        tensor.message(2) { shape in
          shape.message(1) { $0.string(2, Self.batchAxis) }
          for extent in itemShape { shape.message(1) { $0.integer(1, extent) } }
        }
      }
    }
  }
}

extension ONNXInitializer {
  /// `TensorProto` without the values.
  func encodeHeader(into writer: inout ProtobufWriter) {
    writer.integers(1, shape)
    writer.integer(2, type.rawValue)
    writer.string(8, name)
  }

  /// `TensorProto` whose values are in another file.
  func encode(into writer: inout ProtobufWriter, dataIn file: String, at offset: Int) {
    encodeHeader(into: &writer)
    let location = [("location", file), ("offset", "\(offset)"), ("length", "\(content.byteCount)")]
    for (key, value) in location {
      writer.message(13) { entry in
        entry.string(1, key)
        entry.string(2, value)
      }
    }
    // EXTERNAL
    writer.integer(14, 1)
  }
}
