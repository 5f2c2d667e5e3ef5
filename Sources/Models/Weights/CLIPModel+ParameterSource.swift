public import Architecture
public import Quantization

extension CLIPModel: ParameterSource {
  public func withValues<Result>(
    of parameter: Parameter, _ body: (Span<Float>) -> Result
  ) throws(ModelError) -> Result {
    defer { release(parameter) }
    var scratch = FloatScratch()
    return try withValues(of: parameter, scratch: &scratch) { values in body(values.span) }
  }
}
