"""The numerics of the distributions: pure functions on tensors."""
