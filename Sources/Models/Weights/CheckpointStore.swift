internal import Architecture
internal import Archives
internal import Checkpoints
internal import TensorTypes

/// Parameters of a published checkpoint, each assembled from its source tensors on demand.
struct CheckpointStore: ParameterStore {
  private let bindings: [ParameterName: TensorBinding]

  init(_ bindings: TensorBindings, schema: ParameterSchema) {
    var byParameter: [ParameterName: TensorBinding] = [:]
    for parameter in schema.parameters {
      byParameter[parameter.name] = bindings.byName[parameter.name.description]
    }
    self.bindings = byParameter
  }

  func read(
    _ parameter: Parameter, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    let binding = try binding(of: parameter)
    do throws(ReadError) {
      try readParts(binding, from: first, into: output)
    } catch {
      throw ModelError(error)
    }
  }

  /// Parts are contiguous in C order, because they are blocks of rows.
  private func readParts(
    _ binding: TensorBinding, from first: Int, into output: UnsafeMutableBufferPointer<Float>
  ) throws(ReadError) {
    var partStart = 0
    for part in binding.parts {
      let wanted = first..<(first + output.count)
      let held = partStart..<(partStart + part.elementCount)
      let overlap = wanted.clamped(to: held)
      if !overlap.isEmpty {
        let target = output[(overlap.lowerBound - first)..<(overlap.upperBound - first)]
        try part.readFloats(
          into: UnsafeMutableBufferPointer(rebasing: target), from: overlap.lowerBound - partStart)
      }
      partStart = held.upperBound
    }
  }

  func withMappedValues<Result>(
    of parameter: Parameter, _ body: (UnsafeBufferPointer<Float>?) -> Result
  ) throws(ModelError) -> Result {
    let binding = try binding(of: parameter)
    guard !binding.isFused, binding.parts[0].dtype == .f32 else { return body(nil) }
    do throws(ReadError) {
      return try binding.parts[0].withRawBytes { bytes in
        guard let bytes else { return body(nil) }
        return bytes.withUnsafeBytes { raw in
          guard let base = raw.baseAddress,
            Int(bitPattern: base) % MemoryLayout<Float>.alignment == 0
          else { return body(nil) }
          return raw.withMemoryRebound(to: Float.self, body)
        }
      }
    } catch {
      throw ModelError(error)
    }
  }

  func storedType(of parameter: Parameter) -> DType {
    bindings[parameter.name]?.parts.first?.dtype ?? .f32
  }

  func origin(of parameter: Parameter) -> ParameterOrigin {
    let parts = bindings[parameter.name]?.parts ?? []
    return ParameterOrigin(names: parts.map(\.name), types: parts.map(\.storedType))
  }

  func release(_ parameter: Parameter) {
    for part in bindings[parameter.name]?.parts ?? [] { part.releasePages() }
  }

  private func binding(of parameter: Parameter) throws(ModelError) -> TensorBinding {
    guard let binding = bindings[parameter.name] else {
      throw ModelError(.missingTensors, found: parameter.name.description)
    }
    return binding
  }
}
