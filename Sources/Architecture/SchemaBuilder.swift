/// Appends parameters below a name prefix; each block of a tower adds its own.
struct SchemaBuilder {
  var parameters: [Parameter] = []
  /// The tower that what follows belongs to.
  var tower: Tower?

  mutating func add(_ name: ParameterName, _ shape: [Int], _ role: Parameter.Role) {
    parameters.append(Parameter(name: name, shape: shape, role: role, tower: tower))
  }

  mutating func add(_ literal: StaticString, _ shape: [Int], _ role: Parameter.Role) {
    add(ParameterName(literal), shape, role)
  }

  mutating func addLinear(
    _ name: ParameterName, _ outputs: Int, _ inputs: Int, _ source: Parameter.LinearInput
  ) {
    add(name.appending(".weight"), [outputs, inputs], .linear(input: source))
    add(name.appending(".bias"), [outputs], .vector)
  }

  mutating func addLayerNorm(_ name: ParameterName, _ width: Int) {
    add(name.appending(".weight"), [width], .vector)
    add(name.appending(".bias"), [width], .vector)
  }

  mutating func addConvolution(_ name: ParameterName, _ norm: ParameterName, _ shape: [Int]) {
    add(name.appending(".weight"), shape, .convolution)
    let outputs = [shape[0]]
    add(norm.appending(".weight"), outputs, .batchNorm(.gain))
    add(norm.appending(".bias"), outputs, .batchNorm(.bias))
    add(norm.appending(".running_mean"), outputs, .batchNorm(.runningMean))
    add(norm.appending(".running_var"), outputs, .batchNorm(.runningVariance))
  }
}
