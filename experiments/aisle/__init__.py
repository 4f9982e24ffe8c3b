"""The Gaussian study of adaptive importance sampling (aisle_gaussian)."""
