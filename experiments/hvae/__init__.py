"""The convolutional Hamiltonian VAE."""
