"""Keras layers: features to parameters of distributions, and the objective."""

from tf_mco.layers.bernoulli import BernoulliLikelihood
from tf_mco.layers.bernoulli import BernoulliPosterior
from tf_mco.layers.bernoulli import BernoulliPrior
from tf_mco.layers.gaussian import GaussianLikelihood
from tf_mco.layers.gaussian import GaussianPosterior
from tf_mco.layers.gaussian import GaussianPrior
from tf_mco.layers.gaussian import LogisticLikelihood
from tf_mco.layers.hamiltonian import HamiltonianPosterior
from tf_mco.layers.objective import MonteCarloObjective

__all__ = [
  'BernoulliLikelihood',
  'BernoulliPosterior',
  'BernoulliPrior',
  'GaussianLikelihood',
  'GaussianPosterior',
  'GaussianPrior',
  'HamiltonianPosterior',
  'LogisticLikelihood',
  'MonteCarloObjective',
]
