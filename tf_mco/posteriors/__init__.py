"""Posteriors that are not a plain `tfd.Distribution`."""

from tf_mco.posteriors.chain import Chain
from tf_mco.posteriors.hamiltonian.posterior import Hamiltonian

__all__ = ['Chain', 'Hamiltonian']
