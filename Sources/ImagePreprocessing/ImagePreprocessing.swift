// ImagePreprocessing
