// TensorTypesTests
