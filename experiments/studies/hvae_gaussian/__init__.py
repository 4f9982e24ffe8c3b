"""The Gaussian study of the Hamiltonian VAE: flows, HVAE and mean-field VB."""
