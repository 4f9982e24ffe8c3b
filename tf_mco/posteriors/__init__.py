"""Posteriors: the interface, chains of layers, and Hamiltonian posteriors."""

from tf_mco.posteriors.chain import Chain
from tf_mco.posteriors.hamiltonian.posterior import Hamiltonian
from tf_mco.posteriors.posterior import Posterior
from tf_mco.posteriors.posterior import PosteriorLike
from tf_mco.posteriors.posterior import as_posterior

__all__ = [
  'Chain',
  'Hamiltonian',
  'Posterior',
  'PosteriorLike',
  'as_posterior',
]
