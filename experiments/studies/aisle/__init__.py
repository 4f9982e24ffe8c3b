"""Adaptive importance sampling for learning (AISLE), on a Gaussian."""
