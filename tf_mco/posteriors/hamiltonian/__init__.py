"""Hamiltonian importance sampling: the posterior and its parts."""

from tf_mco.posteriors.hamiltonian.posterior import Hamiltonian

__all__ = ['Hamiltonian']
