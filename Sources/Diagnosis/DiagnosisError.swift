public import ImageFiles
public import ImagePreprocessing
public import Models
public import ReferenceForward

/// Why vectors cannot be diagnosed.
public enum DiagnosisError: Error, Sendable {
  case model(ModelError)
  case image(ImageFileError)
  /// An image that cannot be resized, by its position.
  case preparation(ImageFault, index: Int)
  /// The model has no tokenizer, or no preprocessing.
  case inputsUnsupported(String, hint: String)
  /// Rows and inputs do not correspond.
  case otherCount(rows: Int, inputs: Int)
  /// The matrix product that was requested for the reference.
  case reference(MatrixProduct.Unavailable)
}
