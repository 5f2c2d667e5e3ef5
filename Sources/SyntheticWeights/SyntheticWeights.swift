// SyntheticWeights
