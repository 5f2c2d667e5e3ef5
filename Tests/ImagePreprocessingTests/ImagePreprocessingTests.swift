// ImagePreprocessingTests
