/// Appends parameters below a name prefix; each block of a tower adds its own.
struct SchemaBuilder {
  var parameters: [Parameter] = []
  /// The tower of the parameters that are added next.
  var tower: Tower?

  mutating func add(_ name: ParameterName, _ shape: [Int], _ role: Parameter.Role) {
    parameters.append(Parameter(name: name, shape: shape, role: role, tower: tower))
  }

  mutating func add(_ literal: StaticString, _ shape: [Int], _ role: Parameter.Role) {
    add(ParameterName(literal), shape, role)
  }

  /// - Returns: the layer as the producer of another layer's input.
  @discardableResult
  mutating func addLinear(
    _ name: ParameterName, _ outputs: Int, _ inputs: Int, after producer: Parameter.Producer?
  ) -> Parameter.Producer {
    addLinear(name.appending(".weight"), name.appending(".bias"), outputs, inputs, after: producer)
  }

  @discardableResult
  mutating func addLinear(
    _ weight: ParameterName, _ bias: ParameterName, _ outputs: Int, _ inputs: Int,
    after producer: Parameter.Producer?
  ) -> Parameter.Producer {
    let index = parameters.count
    add(weight, [outputs, inputs], .linear(after: producer))
    add(bias, [outputs], .vector)
    return Parameter.Producer(weight: index, bias: index + 1)
  }

  @discardableResult
  mutating func addLayerNorm(_ name: ParameterName, _ width: Int) -> Parameter.Producer {
    let index = parameters.count
    add(name.appending(".weight"), [width], .vector)
    add(name.appending(".bias"), [width], .vector)
    return Parameter.Producer(weight: index, bias: index + 1)
  }

  mutating func addConvolution(_ name: ParameterName, _ norm: ParameterName, _ shape: [Int]) {
    add(name.appending(".weight"), shape, .convolution)
    let first = parameters.count
    let group = Parameter.BatchNorm(
      gain: first, bias: first + 1, runningMean: first + 2, runningVariance: first + 3)
    let outputs = [shape[0]]
    add(norm.appending(".weight"), outputs, .batchNorm(.gain, of: group))
    add(norm.appending(".bias"), outputs, .batchNorm(.bias, of: group))
    add(norm.appending(".running_mean"), outputs, .batchNorm(.runningMean, of: group))
    add(norm.appending(".running_var"), outputs, .batchNorm(.runningVariance, of: group))
  }
}
