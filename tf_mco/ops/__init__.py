"""Pure functions on tensors: the mathematics, without Keras or flags."""
