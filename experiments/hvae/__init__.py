"""The convolutional Hamiltonian VAE (train_hvae)."""
