"""Latent Dirichlet allocation with an amortized Dirichlet posterior."""
