"""Importance weighted autoencoders: Gaussian latent variables."""
