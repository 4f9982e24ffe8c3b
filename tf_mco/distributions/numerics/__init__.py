"""Numerics of the distributions: pure functions on tensors."""
