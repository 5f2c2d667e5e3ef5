// TensorTypes
