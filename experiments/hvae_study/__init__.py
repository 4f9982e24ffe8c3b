"""The Gaussian study of the Hamiltonian VAE (hvae_gaussian)."""
